namespace IngressController.Kubernetes.Watching;

/// <summary>
/// Growing delays with jitter, which a quiet period resets (client-go's NewExponentialBackoffManager with factor 2, jitter 1).
/// </summary>
public sealed class Backoff(ReflectorTimings timings, TimeProvider time)
{
    private const double Factor = 2;

    private TimeSpan _next = timings.MinBackoff;
    private long? _lastFailure;

    /// <summary>Returns the delay after another failure.</summary>
    public TimeSpan Next()
    {
        if (_lastFailure is { } last && time.GetElapsedTime(last) > timings.BackoffReset)
            _next = timings.MinBackoff;
        _lastFailure = time.GetTimestamp();
        var delay = _next;
        var grown = _next * Factor;
        _next = grown < timings.MaxBackoff ? grown : timings.MaxBackoff;
        return delay * (1 + Random.Shared.NextDouble());
    }
}
