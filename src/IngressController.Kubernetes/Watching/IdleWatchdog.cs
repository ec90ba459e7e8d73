using IngressController.Kubernetes.Transport;


namespace IngressController.Kubernetes.Watching;

/// <summary>
/// Cancels a watch that is idle for too long: TCP does not report a peer that is gone, and a healthy watch may be idle for minutes. Servers
/// that send bookmarks do so about every minute, which allows a shorter limit.
/// </summary>
internal sealed class IdleWatchdog : IDisposable
{
    private readonly ReflectorTimings _timings;
    private readonly TimeSpan _watchTimeout;
    private readonly TimeProvider _time;
    private readonly Deadline _deadline;
    private long? _lastBookmark;

    public IdleWatchdog(
        ReflectorTimings timings, TimeSpan watchTimeout, bool isInitial, TimeProvider time, CancellationToken cancellation)
    {
        _timings = timings;
        _watchTimeout = watchTimeout;
        _time = time;
        Limit = isInitial ? timings.InitialEventsIdleTimeout : watchTimeout + timings.WatchTimeoutGrace;
        _deadline = new Deadline(Limit, time, cancellation);
    }

    /// <summary>The current idle timeout.</summary>
    public TimeSpan Limit { get; private set; }

    /// <summary>Cancelled by the watchdog or by the caller.</summary>
    public CancellationToken Token => _deadline.Token;

    /// <summary>True if the watchdog, not the caller, cancelled.</summary>
    public bool HasTimedOut => _deadline.HasPassed;

    /// <summary>Restarts the idle timeout after data has arrived.</summary>
    public void Reset() => _deadline.ExtendTo(Limit);

    /// <summary>Applies the timeout of a plain watch, which may be idle, after the initial events of a watch-list.</summary>
    public void EndInitialEvents()
    {
        Limit = _watchTimeout + _timings.WatchTimeoutGrace;
        Reset();
    }

    public void OnBookmark()
    {
        // A single bookmark proves nothing: old servers send one only just before the timeout.
        if (_lastBookmark is { } last && _time.GetElapsedTime(last) <= _timings.BookmarkIdleTimeout && _timings.BookmarkIdleTimeout < Limit)
        {
            Limit = _timings.BookmarkIdleTimeout;
            Reset();
        }

        _lastBookmark = _time.GetTimestamp();
    }

    public void Dispose() => _deadline.Dispose();
}
