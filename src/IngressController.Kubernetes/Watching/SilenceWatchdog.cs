using IngressController.Kubernetes.Transport;


namespace IngressController.Kubernetes.Watching;

/// <summary>
/// Cancels a watch on which nothing arrives: TCP does not tell when the other side is gone, and a watch may rightly be silent for
/// minutes. Servers that send bookmarks do so about each minute, which allows a shorter patience with them.
/// </summary>
internal sealed class SilenceWatchdog : IDisposable
{
    private readonly ReflectorTimings _timings;
    private readonly TimeSpan _watchTimeout;
    private readonly TimeProvider _time;
    private readonly Deadline _deadline;
    private long? _lastBookmark;

    public SilenceWatchdog(
        ReflectorTimings timings, TimeSpan watchTimeout, bool isInitial, TimeProvider time, CancellationToken cancellation)
    {
        _timings = timings;
        _watchTimeout = watchTimeout;
        _time = time;
        Limit = isInitial ? timings.InitialEventsSilence : watchTimeout + timings.WatchTimeoutGrace;
        _deadline = new Deadline(Limit, time, cancellation);
    }

    /// <summary>The silence that is borne at present.</summary>
    public TimeSpan Limit { get; private set; }

    /// <summary>Cancelled by the watchdog or by the caller.</summary>
    public CancellationToken Token => _deadline.Token;

    /// <summary>Whether the watchdog, not the caller, cancelled.</summary>
    public bool HasBitten => _deadline.HasPassed;

    /// <summary>Something arrived.</summary>
    public void Fed() => _deadline.ExtendTo(Limit);

    /// <summary>The initial events of a watch-list are complete; from now on silence is normal.</summary>
    public void EndInitial()
    {
        Limit = _watchTimeout + _timings.WatchTimeoutGrace;
        Fed();
    }

    public void SawBookmark()
    {
        // One alone says nothing: old servers send it only just before the time-out.
        if (_lastBookmark is { } last && _time.GetElapsedTime(last) <= _timings.BookmarkSilence && _timings.BookmarkSilence < Limit)
        {
            Limit = _timings.BookmarkSilence;
            Fed();
        }

        _lastBookmark = _time.GetTimestamp();
    }

    public void Dispose() => _deadline.Dispose();
}
