using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Counts the requests of a key. Immutable: if the number of replicas changes, another instance continues with the same states. Times are
/// in ticks of 100 ns since the limiter was created.
/// </summary>
internal abstract class RateLimitAlgorithm
{
    protected RateLimitAlgorithm(RateLimitRule rule, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(rule.Window, TimeSpan.Zero);
        Replicas = replicas;
        Limit = Divide(rule.Limit, replicas);
        // The unit of time is so coarse that limit times window fits into a long: 100 ns for all practical limits.
        Unit = (long)(((Int128)rule.Window.Ticks * Math.Max(rule.Limit, rule.Burst) / (1L << 60)) + 1);
        Window = Math.Max(1, rule.Window.Ticks / Unit);
    }

    /// <summary>Number of replicas by which the limit of the rule is divided.</summary>
    public int Replicas { get; }

    protected int Limit { get; }

    /// <summary>Number of ticks in a unit of time.</summary>
    protected long Unit { get; }

    /// <summary>The window in units of time.</summary>
    protected long Window { get; }

    public static RateLimitAlgorithm Create(RateLimitRule rule, int replicas) => rule.Algorithm switch
    {
        RateLimitAlgorithmKind.LeakyBucket => new LeakyBucketAlgorithm(rule, replicas),
        RateLimitAlgorithmKind.TokenBucket => new TokenBucketAlgorithm(rule, replicas),
        RateLimitAlgorithmKind.SlidingWindow => new SlidingWindowAlgorithm(rule, replicas),
        RateLimitAlgorithmKind.FixedWindow => new FixedWindowAlgorithm(rule, replicas),
        RateLimitAlgorithmKind.Concurrency => new ConcurrencyAlgorithm(rule, replicas),
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule.Algorithm, "unknown algorithm"),
    };

    /// <summary>The state of a key without requests.</summary>
    public abstract RateLimitState Initial(long now);

    public abstract RateLimitDecision TryAcquire(ref RateLimitState state, long now);

    /// <summary>Returns the last permit, as if the request had not been made.</summary>
    public abstract void Undo(ref RateLimitState state);

    /// <summary>True if the state is equivalent to the initial one, so that it can be removed.</summary>
    public abstract bool IsIdle(in RateLimitState state, long now);

    protected static int Divide(int permits, int replicas) => Math.Max(1, permits / replicas);

    protected TimeSpan Span(long units) => TimeSpan.FromTicks(units * Unit);
}

/// <summary>The state of a key: 16 bytes with a meaning that depends on the algorithm.</summary>
internal record struct RateLimitState(long Value, long Time);
