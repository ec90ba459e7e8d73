namespace IngressController.Leadership;

/// <summary>
/// Limits the rate of a leader task's requests to the API server: a burst, then a number of requests per second. It uses the generic cell
/// rate algorithm, which allows the same requests as the token bucket of client-go.
/// </summary>
internal sealed class WriteRateLimiter(int perSecond, int burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(1.0 / perSecond);
    private readonly long _start = time.GetTimestamp();

    /// <summary>The time of the next request at an even rate; ahead of the clock by the used part of the burst.</summary>
    private TimeSpan _next;

    /// <summary>The start and the duration of the last pause.</summary>
    private (long Since, TimeSpan For) _pause;

    /// <summary>Completes when a request may be sent.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (Reserve() is { Ticks: > 0 } wait)
            await Task.Delay(wait, time, cancellation);
        // Delays are truncated to whole milliseconds.
        while (PauseLeft() is { Ticks: > 0 } left)
            await Task.Delay(left + TimeSpan.FromMilliseconds(1), time, cancellation);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Stops all requests for a time, because the server asked for it or cannot be reached.</summary>
    public void Pause(TimeSpan duration)
    {
        lock (_lock)
        {
            if (duration > Left())
                _pause = (time.GetTimestamp(), duration);
        }
    }

    /// <summary>Reserves a request and returns the time to wait for it.</summary>
    private TimeSpan Reserve()
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

    private TimeSpan PauseLeft()
    {
        lock (_lock)
            return Left();
    }

    private TimeSpan Left() => _pause.For - time.GetElapsedTime(_pause.Since);
}
