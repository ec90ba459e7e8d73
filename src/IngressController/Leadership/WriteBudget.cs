namespace IngressController.Leadership;

/// <summary>
/// Limits how fast a work of the leader asks the API server: a burst at once, then so many requests per second (the generic cell rate
/// algorithm, which lets through what a token bucket does, as client-go has it).
/// </summary>
internal sealed class WriteBudget(int perSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(1.0 / perSecond);
    private readonly long _start = time.GetTimestamp();

    /// <summary>When the next request would come if they came evenly; runs ahead of the clock by what is used of the burst.</summary>
    private TimeSpan _next;

    /// <summary>When the server asked to be left alone, and for how long.</summary>
    private (long Since, TimeSpan For) _pause;

    /// <summary>Completes when one may be sent.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (Take() is { Ticks: > 0 } wait)
            await Task.Delay(wait, time, cancellation);
        // Delays are cut to whole milliseconds.
        while (Paused() is { Ticks: > 0 } paused)
            await Task.Delay(paused + TimeSpan.FromMilliseconds(1), time, cancellation);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Nothing is sent for so long: the server said so, or cannot be reached.</summary>
    public void Pause(TimeSpan duration)
    {
        lock (_lock)
        {
            if (duration > Left())
                _pause = (time.GetTimestamp(), duration);
        }
    }

    /// <returns>How long to wait for the place that was taken.</returns>
    private TimeSpan Take()
    {
        lock (_lock)
        {
            var now = time.GetElapsedTime(_start);
            _next = _next > now ? _next : now;
            var wait = _next - now - ((burst - 1) * _interval);
            _next += _interval;
            return wait;
        }
    }

    private TimeSpan Paused()
    {
        lock (_lock)
            return Left();
    }

    private TimeSpan Left() => _pause.For - time.GetElapsedTime(_pause.Since);
}
