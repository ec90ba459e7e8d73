using IngressController.Configuration;

namespace IngressController.Overload;

/// <summary>
/// Watches memory and budgets, and relieves the process before they are used up: ends the stalled, closes the idle, refuses new work. It
/// looks four times a second, and at once when requests crowd.
/// </summary>
internal sealed partial class OverloadMonitor(
    OverloadActions actions, OverloadBudgets budgets, MemoryPressure memory, ConnectionBudget connections, RequestBudget requests,
    OverloadRelief relief, MemoryRelease release, OverloadOptions options, TimeProvider time, ILogger<OverloadMonitor> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Each time all connections are visited, for a time limit that is much longer.</summary>
    private static readonly TimeSpan OutlivedInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<OverloadAction, (long At, long Count, bool WasActive)> _logged = [];
    private long? _outlivedAt;

    /// <summary>Looks once, and acts.</summary>
    public void Look()
    {
        var pressure = memory.Read();
        actions.ShedStalled.Update(Math.Max(pressure, requests.Usage));
        actions.StopKeepAlive.Update(Math.Max(pressure, connections.Usage));
        actions.RefuseRequests.Update(pressure);
        actions.StopAccepting.Update(pressure);
        if (actions.ShedStalled.IsActive)
            actions.ShedStalled.Add(relief.ShedStalled(memory.Excess(actions.ShedStalled.End), IsCritical(pressure)));
        if (actions.StopKeepAlive.IsActive)
            actions.StopKeepAlive.Add(relief.CloseIdle(ConnectionsToClose(pressure)));
        actions.StopKeepAlive.Add(relief.CloseIdle(connections.TakeCrowded()));
        CloseOutlived();
        release.Look();
        foreach (var action in actions.All)
            Report(action, pressure);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var crowded = requests.Crowded.Next;
            await Task.WhenAny(crowded, Task.Delay(Interval, time, stoppingToken));
            try
            {
                Look();
            }
            catch (Exception error)
            {
                // It looks again; the budgets hold without it.
                Log.Failed(logger, error);
            }
        }
    }

    private void CloseOutlived()
    {
        var now = time.GetTimestamp();
        if (_outlivedAt is { } last && time.GetElapsedTime(last, now) < OutlivedInterval)
            return;
        _outlivedAt = now;
        relief.CloseOutlived(options.KeepAliveTimeout);
    }

    /// <summary>True if even those that have stalled just now must go.</summary>
    private bool IsCritical(double pressure) => Math.Max(pressure, requests.Usage) >= 0.95;

    private int ConnectionsToClose(double pressure)
    {
        var overBudget = connections.Count - (int)(budgets.Connections * actions.StopKeepAlive.End);
        // What a connection takes is known roughly only, so memory is relieved step by step.
        return Math.Max(overBudget, pressure >= actions.StopKeepAlive.End ? connections.Count / 8 : 0);
    }

    /// <summary>Logs what an action does, once a second at most, and that it has ended.</summary>
    private void Report(OverloadAction action, double pressure)
    {
        var (at, count, wasActive) = _logged.GetValueOrDefault(action);
        var now = time.GetTimestamp();
        if (action.Count == count && action.IsActive == wasActive || at != 0 && time.GetElapsedTime(at, now) < TimeSpan.FromSeconds(1))
            return;
        _logged[action] = (Math.Max(1, now), action.Count, action.IsActive);
        var percent = (int)(pressure * 100);
        var (open, inFlight) = (connections.Count, requests.Count);
        if (action.IsActive || action.Count != count)
        {
            Log.Acts(
                logger, action.Name, action.Count - count, percent, open, budgets.Connections, inFlight, budgets.Requests);
        }
        else
        {
            Log.Over(logger, action.Name, percent, open, inFlight);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message =
            "overload: {Action}: {Count} since the last line; memory {Percent} %, connections {Connections} of {MaxConnections}, requests {Requests} of {MaxRequests}")]
        public static partial void Acts(ILogger logger, string action, long count, int percent, int connections, int maxConnections, int requests, int maxRequests);

        [LoggerMessage(Level = LogLevel.Information, Message = "overload: {Action} has ended; memory {Percent} %, connections {Connections}, requests {Requests}")]
        public static partial void Over(ILogger logger, string action, int percent, int connections, int requests);

        [LoggerMessage(Level = LogLevel.Error, Message = "overload: the monitor failed; it goes on")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
