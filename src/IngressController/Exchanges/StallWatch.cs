using IngressController.Configuration;
using IngressController.Signals;

namespace IngressController.Exchanges;

/// <summary>
/// Ends exchanges whose clients take no bytes of a waiting response, connections all of whose exchanges are such, and exchanges of HTTP/2
/// whose body comes too slowly. A response for which the backend has no data does not wait, however long it is open.
/// </summary>
internal sealed partial class StallWatch(ClientConnections connections, ListenerOptions options, ILogger<StallWatch> logger) : IHostedService, IDisposable
{
    private const int TicksPerLimit = 10;

    private static readonly TimeSpan MaxTick = TimeSpan.FromSeconds(1);

    private readonly FailureLogLimit _log = new(connections.Time, logger);
    private readonly List<Exchange> _stalled = [];
    private ITimer? _timer;
    private int _isTicking;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var tick = options.ResponseStallTimeout > TimeSpan.Zero ? options.ResponseStallTimeout / TicksPerLimit : MaxTick;
        tick = tick < MaxTick ? tick : MaxTick;
        _timer = connections.Time.CreateTimer(static watch => ((StallWatch)watch!).Tick(), this, tick, tick);
        return Task.CompletedTask;
    }

    /// <summary>It goes on while requests are drained, which a client that does not read would delay.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        // The timer does not wait for the previous tick.
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
            return;
        try
        {
            var (stalled, closed, slow) = (0, 0, 0);
            foreach (var connection in connections.All)
            {
                var count = Count(connection, ref slow);
                if (count.Waiting == 0 || options.ResponseStallTimeout <= TimeSpan.Zero)
                {
                    connection.StallCheck?.Reset();
                    continue;
                }

                FindStalled(connection, count.Waiting);
                stalled += _stalled.Count(exchange => exchange.TryEnd(EndReason.Stalled));
                if (_stalled.Count == 0 || _stalled.Count < count.All)
                    continue;
                closed++;
                connection.Abort("the client takes no bytes of its responses");
            }

            Report(stalled, closed, slow);
        }
        catch (Exception error)
        {
            // An exception of a timer would end the process. The next tick looks again.
            if (_log.TryTake((int)EndReason.None, out var earlier))
                Log.Failed(logger, error, earlier);
        }
        finally
        {
            _stalled.Clear();
            Volatile.Write(ref _isTicking, 0);
        }
    }

    /// <summary>Counts the exchanges of a connection, and ends those whose bodies are slow.</summary>
    private (int All, int Waiting) Count(ClientConnection connection, ref int slow)
    {
        var (all, waiting, ended) = (0, 0, 0);
        var now = connections.Time.GetTimestamp();
        connection.ForEach(exchange =>
        {
            all++;
            if (exchange.StalledSince != 0)
                waiting++;
            if (exchange.Body?.IsSlowerThan(options.MinRequestBodyRate, options.RequestBodyGracePeriod, now) == true && exchange.TryEnd(EndReason.SlowBody))
                ended++;
        });
        slow += ended;
        return (all, waiting);
    }

    private void FindStalled(ClientConnection connection, int waiting)
    {
        var check = connection.StallCheck ??= new StallCheck(options.ResponseStallTimeout, options.MinResponseRate, connections.Time);
        var now = connections.Time.GetTimestamp();
        check.Observe(now, connection.ReadProgress());
        _stalled.Clear();
        connection.ForEach(exchange =>
        {
            if (exchange.StalledSince is not 0 and var since && check.IsStalled(exchange, since, now, waiting))
                _stalled.Add(exchange);
        });
    }

    private void Report(int stalled, int closed, int slow)
    {
        if (stalled > 0 && _log.TryTake((int)EndReason.Stalled, out var earlier))
            Log.Stalled(logger, stalled, closed, options.ResponseStallTimeout.TotalSeconds, earlier);
        if (slow > 0 && _log.TryTake((int)EndReason.SlowBody, out earlier))
            Log.Slow(logger, slow, options.MinRequestBodyRate, earlier);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "the check of stalled clients failed; it goes on ({Suppressed} earlier lines not logged)")]
        public static partial void Failed(ILogger logger, Exception error, long suppressed);

        [LoggerMessage(Level = LogLevel.Information, Message = "ended {Exchanges} exchanges and {Connections} connections whose clients took no bytes of a waiting response for {Seconds} s (--response-stall-timeout) ({Suppressed} earlier lines not logged)")]
        public static partial void Stalled(ILogger logger, int exchanges, int connections, double seconds, long suppressed);

        [LoggerMessage(Level = LogLevel.Information, Message = "ended {Exchanges} exchanges whose bodies came slower than {Rate} bytes a second (--min-request-body-rate) ({Suppressed} earlier lines not logged)")]
        public static partial void Slow(ILogger logger, int exchanges, int rate, long suppressed);
    }
}
