using System.Collections.Concurrent;
using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Provides the limiters of routes: one per Ingress and rule, shared by all routes of the Ingress. A limiter keeps its counts for as long
/// as a route holds it, across other changes.
/// </summary>
internal sealed class RateLimiterStore : IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    /// <summary>Number of shards per sweep and limiter: each shard is swept every 32 seconds.</summary>
    private const int ShardsPerSweep = KeyedRateLimiter.ShardCount / 32;

    /// <summary>Weak references: routes hold their limiters, so limiters without a route are collected.</summary>
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
        _timer = time.CreateTimer(_ => Sweep(), null, SweepInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Number of stored keys of all limiters.</summary>
    public long KeyCount => _limiters.Values.Sum(known => known.TryGetTarget(out var limiter) ? limiter.KeyCount : 0L);

    /// <summary>The limiter of a rule. Called only by the reconcile loop.</summary>
    public KeyedRateLimiter For(ResourceName ingress, RateLimitRule rule)
    {
        var key = (ingress, ForCounting(rule));
        if (_limiters.TryGetValue(key, out var known) && known.TryGetTarget(out var limiter))
            return limiter;

        limiter = new KeyedRateLimiter(rule, _time, _replicas, _maxKeys);
        _limiters[key] = new WeakReference<KeyedRateLimiter>(limiter);
        return limiter;
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>The rule without exemptions and reply: a change of these keeps the counts.</summary>
    private static RateLimitRule ForCounting(RateLimitRule rule) =>
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

        _timer.Change(SweepInterval, Timeout.InfiniteTimeSpan);
    }
}
