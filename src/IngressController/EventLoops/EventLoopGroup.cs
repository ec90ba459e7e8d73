using IngressController.Metrics;

namespace IngressController.EventLoops;

/// <summary>A loop for each processor.</summary>
internal sealed partial class EventLoopGroup : IDisposable, IMetricsSource
{
    /// <summary>A handler that takes longer than one to two of them loses its loop.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);

    private readonly EventLoop[] _loops;
    private readonly ITimer _checks;
    private readonly ILogger<EventLoopGroup> _logger;
    private long _replaced;
    private uint _next;

    public EventLoopGroup(TimeProvider time, ILogger<EventLoopGroup> logger)
    {
        _logger = logger;
        _loops = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new EventLoop(number, error => Log.Failed(logger, error)))];
        _checks = time.CreateTimer(static loops => ((EventLoopGroup)loops!).Check(), this, CheckInterval, CheckInterval);
    }

    /// <summary>The loop of this thread, else one with few sockets.</summary>
    public EventLoop Nearest => EventLoop.Current ?? Next();

    /// <summary>A loop for another socket: of two in turn, that with fewer sockets.</summary>
    public EventLoop Next()
    {
        var number = Interlocked.Increment(ref _next);
        var (one, other) = (_loops[number % _loops.Length], _loops[(number + 1) % _loops.Length]);
        return other.Count < one.Count ? other : one;
    }

    public void Dispose()
    {
        _checks.Dispose();
        foreach (var loop in _loops)
            loop.Dispose();
    }

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_event_loop_replacements_total", "counter", "Handlers that held the thread of an event loop for 0.1 s or more, so that another thread took its place.");
        text.Sample("yarp_ingress_event_loop_replacements_total", Volatile.Read(ref _replaced));
    }

    /// <summary>Replaces the threads of loops whose handlers have not returned since the last call. A timer calls it.</summary>
    internal void Check()
    {
        foreach (var loop in _loops)
        {
            if (loop.Check())
                Interlocked.Increment(ref _replaced);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "a handler of a socket has failed")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
