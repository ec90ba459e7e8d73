using System.Collections.Concurrent;
using System.Net;
using IngressController.Http;
using IngressController.Signals;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Overload;

/// <summary>Counts the connections of all clients and of each, and closes those over the budget before they cost anything.</summary>
internal sealed partial class ConnectionBudget(OverloadBudgets budgets, OverloadActions actions, TimeProvider time, ILogger<ConnectionBudget> logger)
{
    /// <summary>A power of two, so that clients rarely wait for each other.</summary>
    private const int Stripes = 64;

    private readonly Dictionary<ClientNetwork, int>[] _perClient = [.. Enumerable.Range(0, Stripes).Select(_ => new Dictionary<ClientNetwork, int>())];
    private readonly FailureLogLimit _log = new(time, logger);
    private readonly ConcurrentDictionary<ClientNetwork, int> _crowded = new();
    private int _count;
    private long _refused;
    private long _refusedPerClient;

    /// <summary>The open connections, from before their TLS handshake on.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The part of the budget that is taken, from 0 to 1.</summary>
    public double Usage => (double)Count / budgets.Connections;

    /// <summary>Connections that were closed because all clients together had too many.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Connections that were closed because their client had too many.</summary>
    public long RefusedPerClient => Volatile.Read(ref _refusedPerClient);

    /// <summary>Returns the clients that were close to their budget since the last call, each with the number of connections that must close.</summary>
    public IReadOnlyDictionary<ClientNetwork, int>? TakeCrowded()
    {
        if (_crowded.IsEmpty)
            return null;
        var taken = new Dictionary<ClientNetwork, int>();
        foreach (var (client, _) in _crowded)
        {
            if (_crowded.TryRemove(client, out var count))
                taken[client] = count;
        }

        return taken;
    }

    /// <summary>Connection middleware before all others.</summary>
    /// <param name="next">What serves the connection.</param>
    /// <param name="isExempt">True for an address that stands for many clients.</param>
    public ConnectionDelegate Admit(ConnectionDelegate next, Func<IPAddress, bool> isExempt) => connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (Interlocked.Increment(ref _count) > budgets.Connections)
        {
            Interlocked.Decrement(ref _count);
            return Refuse(connection, ref _refused, Whose.All);
        }

        if (actions.StopAccepting.IsActive)
        {
            Interlocked.Decrement(ref _count);
            actions.StopAccepting.Add(1);
            connection.Abort(new ConnectionAbortedException("the process is short of memory"));
            return Task.CompletedTask;
        }

        if (address is null || isExempt(address))
            return ServeAsync(connection, next);
        var client = ClientNetwork.Of(address);
        if (TryEnter(client))
            return ServeAsync(connection, next, client);
        Interlocked.Decrement(ref _count);
        return Refuse(connection, ref _refusedPerClient, Whose.Client);
    };

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next, ClientNetwork? client = null)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
            if (client is { } counted)
                Leave(counted);
        }
    }

    private Task Refuse(ConnectionContext connection, ref long counter, Whose whose)
    {
        Interlocked.Increment(ref counter);
        if (_log.TryTake((int)whose, out var suppressed))
            Log.Refused(logger, connection.RemoteEndPoint, whose == Whose.All ? "all clients" : "its network", suppressed);
        connection.Abort(new ConnectionAbortedException("too many connections"));
        return Task.CompletedTask;
    }

    private bool TryEnter(ClientNetwork client)
    {
        var stripe = StripeOf(client);
        lock (stripe)
        {
            var count = stripe.GetValueOrDefault(client);
            // Its idle connections make room: a load balancer that hides its clients is one client here.
            if (count >= budgets.ConnectionsPerClient * actions.StopKeepAlive.Begin)
                _crowded[client] = count + 1 - (int)(budgets.ConnectionsPerClient * actions.StopKeepAlive.End);
            if (count >= budgets.ConnectionsPerClient)
                return false;
            stripe[client] = count + 1;
            return true;
        }
    }

    private void Leave(ClientNetwork client)
    {
        var stripe = StripeOf(client);
        lock (stripe)
        {
            var count = stripe[client] - 1;
            if (count == 0)
                stripe.Remove(client);
            else
                stripe[client] = count;
        }
    }

    private Dictionary<ClientNetwork, int> StripeOf(ClientNetwork client) => _perClient[client.GetHashCode() & (Stripes - 1)];

    private enum Whose
    {
        All,
        Client,
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "overload: a connection of {Peer} is closed because the connections of {Whose} are at their maximum: see --max-connections and --max-connections-per-client ({Suppressed} more since the last line)")]
        public static partial void Refused(ILogger logger, EndPoint? peer, string whose, long suppressed);
    }
}
