namespace IngressController.Upstream;

/// <summary>
/// Limits the retries of a backend to a share of its requests, so that they cannot multiply the load of one that fails. A bucket of tokens: a
/// retry takes one, each request adds a fifth, and some are added per second, so that a few failures among few requests are retried too.
/// Requests are counted elsewhere anyway, so a request that does not fail costs nothing here.
/// </summary>
internal sealed class RetryBudget(TimeProvider time)
{
    private const double Share = 0.2;

    private const double PerSecond = 10;

    /// <summary>The retries that are possible at once: the streams of a connection that an endpoint closes are all retried together.</summary>
    private const double Capacity = 100;

    private readonly Lock _lock = new();
    private double _tokens = Capacity;
    private uint? _requests;
    private long _refilled = time.GetTimestamp();

    /// <summary>Takes a retry; false if none is left.</summary>
    /// <param name="requests">The number of requests of the backend so far. It wraps around.</param>
    public bool TryTake(uint requests)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            // A thread can come with an older number than the one before it.
            var counted = _requests ?? requests;
            var more = Math.Max(0, unchecked((int)(requests - counted)));
            var earned = (more * Share) + (time.GetElapsedTime(_refilled, now).TotalSeconds * PerSecond);
            _tokens = Math.Min(Capacity, _tokens + earned);
            (_requests, _refilled) = (unchecked(counted + (uint)more), now);
            if (_tokens < 1)
                return false;
            _tokens--;
            return true;
        }
    }

    /// <summary>Returns retries that were of use and repeated no work.</summary>
    public void Return(int retries)
    {
        lock (_lock)
            _tokens = Math.Min(Capacity, _tokens + retries);
    }
}
