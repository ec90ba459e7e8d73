using System.Collections.Concurrent;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Values;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Gives routes their limiters: one per Ingress and rule, which all routes of the Ingress share and which keeps its counts for as long
/// as any route holds it, whatever else changes.
/// </summary>
internal sealed class RateLimiterStore : IDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    /// <summary>Of each limiter, at a time: the whole of it every 32 seconds.</summary>
    private const int ShardsPerSweep = KeyedRateLimiter.ShardCount / 32;

    /// <summary>Routes hold their limiters; here they are only found again, so that what no route uses any more goes away.</summary>
    private readonly ConcurrentDictionary<(ResourceName Ingress, RateLimitRule Rule), WeakReference<KeyedRateLimiter>> _limiters = new();
    private readonly TimeProvider _time;
    private readonly Func<int> _replicas;
    private readonly int _maxKeys;
    private readonly ITimer _timer;

    public RateLimiterStore(TimeProvider time, Func<int> replicas, int maxKeys = KeyedRateLimiter.DefaultMaxKeys)
    {
        _time = time;
        _replicas = replicas;
        _maxKeys = maxKeys;
        _timer = time.CreateTimer(_ => Sweep(), null, SweepEvery, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many counts all limiters keep.</summary>
    public long KeyCount => _limiters.Values.Sum(known => known.TryGetTarget(out var limiter) ? limiter.KeyCount : 0L);

    /// <summary>The limiter of a rule. Called by the reconcile loop alone.</summary>
    public KeyedRateLimiter For(ResourceName ingress, RateLimitRule rule)
    {
        var key = (ingress, Counting(rule));
        if (_limiters.TryGetValue(key, out var known) && known.TryGetTarget(out var limiter))
            return limiter;

        limiter = new KeyedRateLimiter(rule, _time, _replicas, _maxKeys);
        _limiters[key] = new WeakReference<KeyedRateLimiter>(limiter);
        return limiter;
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>The rule without what concerns only who is counted and what becomes of who is over the limit: a change of it keeps the counts.</summary>
    private static RateLimitRule Counting(RateLimitRule rule) =>
        rule with { Status = 0, IsDryRun = false, SendsHeaders = false, Exempt = IpNetworkSet.Empty };

    private void Sweep()
    {
        foreach (var entry in _limiters)
        {
            if (entry.Value.TryGetTarget(out var limiter))
                limiter.Sweep(ShardsPerSweep);
            else
                _limiters.TryRemove(entry);
        }

        _timer.Change(SweepEvery, Timeout.InfiniteTimeSpan);
    }
}
