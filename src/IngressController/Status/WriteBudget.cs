namespace IngressController.Status;

/// <summary>
/// Limits how fast the API server is written to: a burst at once, then so many per second (a token bucket, as client-go has it). 1,000 new
/// Ingresses have their status within 20 s, and a new address of 10,000 does not keep etcd from its other work.
/// </summary>
internal sealed class WriteBudget(TimeProvider time)
{
    private const double PerSecond = 50;
    private const double Burst = 100;

    private readonly Lock _lock = new();
    private double _tokens = Burst;
    private long _refilled = time.GetTimestamp();

    /// <summary>When the server asked to be left alone, and for how long.</summary>
    private (long Since, TimeSpan For) _pause;

    /// <summary>Completes when one may be sent.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        // Delays are cut to whole milliseconds.
        while (Take() is { Ticks: > 0 } wait)
            await Task.Delay(wait + TimeSpan.FromMilliseconds(1), time, cancellation);
    }

    /// <summary>Nothing is sent for so long: the server said so, or cannot be reached.</summary>
    public void Pause(TimeSpan duration)
    {
        lock (_lock)
        {
            if (duration > Paused())
                _pause = (time.GetTimestamp(), duration);
        }
    }

    /// <returns>How long to wait and ask again; zero when one was taken.</returns>
    private TimeSpan Take()
    {
        lock (_lock)
        {
            if (Paused() is { Ticks: > 0 } paused)
                return paused;
            _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_refilled).TotalSeconds * PerSecond));
            _refilled = time.GetTimestamp();
            if (_tokens < 1)
                return TimeSpan.FromSeconds((1 - _tokens) / PerSecond);
            _tokens--;
            return TimeSpan.Zero;
        }
    }

    private TimeSpan Paused() => _pause.For - time.GetElapsedTime(_pause.Since);
}
