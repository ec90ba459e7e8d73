using IngressController.Exchanges;
using IngressController.Http;

namespace IngressController.Overload;

/// <summary>Ends what costs memory and serves no one: responses that their clients do not take, and connections without requests.</summary>
internal sealed class OverloadRelief(ClientConnections clients, RequestBudget requests, OverloadBudgets budgets, OverloadActions actions)
{
    /// <summary>A client that has just not taken bytes may be slow, not gone.</summary>
    private static readonly TimeSpan MinStall = TimeSpan.FromSeconds(1);

    /// <summary>A connection that has just become idle may be about to send its next request.</summary>
    private static readonly TimeSpan MinIdle = TimeSpan.FromSeconds(1);

    /// <summary>The time in which a client can close its connection after GOAWAY, and in which Kestrel closes one at its own time limit.</summary>
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(2);

    /// <summary>Ends stalled responses until the budgets have room and memory is freed; those that have waited longest first.</summary>
    /// <param name="bytes">The bytes of memory to free.</param>
    /// <param name="isCritical">True if also those that have stalled just now end.</param>
    /// <returns>The number of those that ended.</returns>
    public int ShedStalled(long bytes, bool isCritical)
    {
        var part = actions.ShedStalled.End;
        var count = requests.Count - (long)(budgets.Requests * part) + 1;
        bytes = Math.Max(bytes, clients.BufferedBytes - (long)(budgets.BufferedBytes * part));
        var headers = requests.HeaderBytes - (long)(budgets.HeaderBytes * part);
        var ended = 0;
        foreach (var exchange in clients.Stalled())
        {
            if (count <= 0 && bytes <= 0 && headers <= 0)
                break;
            var held = exchange.BufferedBytes;
            if (!isCritical && clients.Time.GetElapsedTime(exchange.StalledSince) < MinStall || !exchange.TryEnd(EndReason.Shed))
                continue;
            ended++;
            count--;
            bytes -= held + OverloadBudgets.RequestCost;
            headers -= budgets.HeaderBytes / budgets.Requests;
        }

        return ended;
    }

    /// <summary>Closes connections without requests, those that have been idle longest first.</summary>
    /// <returns>The number of those that were closed.</returns>
    public int CloseIdle(int count) => count <= 0 ? 0 : CloseIdle(count, client: null);

    /// <summary>Closes connections without requests of the clients that have too many, those that have been idle longest first.</summary>
    public int CloseIdle(IReadOnlyDictionary<ClientNetwork, int>? perClient) => perClient?.Sum(entry => CloseIdle(entry.Value, entry.Key)) ?? 0;

    private int CloseIdle(int count, ClientNetwork? client)
    {
        var idle = new List<(long Since, ClientConnection Connection)>();
        foreach (var connection in clients.All)
        {
            if ((client is null || connection.Client == client) && !connection.IsClosing && connection.IsIdle(out var since) && clients.Time.GetElapsedTime(since) >= MinIdle)
                idle.Add((since, connection));
        }

        idle.Sort(static (a, b) => a.Since.CompareTo(b.Since));
        foreach (var (_, connection) in idle.Take(count))
            connection.RequestClose();
        return Math.Min(count, idle.Count);
    }

    /// <summary>
    /// Closes connections that have been idle for too long. Kestrel does so, too, but for HTTP/2 every frame, also of a ping, begins its
    /// time again. A connection that was asked to close and does not is ended.
    /// </summary>
    public void CloseOutlived(TimeSpan keepAlive)
    {
        foreach (var connection in clients.All)
        {
            if (!connection.IsIdle(out var since))
                continue;
            var idle = clients.Time.GetElapsedTime(since);
            if (!connection.IsClosing && idle >= keepAlive + CloseGrace)
                connection.RequestClose();
            else if (connection.ClosingSince is { } asked && clients.Time.GetElapsedTime(asked) >= 2 * CloseGrace)
                connection.Abort("idle for too long");
        }
    }
}
