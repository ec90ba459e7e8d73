using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// How one key is counted. Immutable: when the number of replicas changes another one takes over the same states. Time is given in
/// ticks of 100 ns since the limiter began.
/// </summary>
internal abstract class RateLimitAlgorithm
{
    protected RateLimitAlgorithm(RateLimitRule rule, int replicas)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(rule.Window, TimeSpan.Zero);
        Replicas = replicas;
        Limit = Divide(rule.Limit, replicas);
        // A unit of time so coarse that a limit times a window fits into a long: 100 ns for all limits that are in use.
        Unit = (long)(((Int128)rule.Window.Ticks * Math.Max(rule.Limit, rule.Burst) / (1L << 60)) + 1);
        Window = Math.Max(1, rule.Window.Ticks / Unit);
    }

    /// <summary>By how many replicas the rule's limit was divided.</summary>
    public int Replicas { get; }

    protected int Limit { get; }

    /// <summary>Ticks in a unit of time.</summary>
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

    /// <summary>The state of a key that has made no request yet.</summary>
    public abstract RateLimitState Fresh(long now);

    public abstract RateLimitDecision TryAcquire(ref RateLimitState state, long now);

    /// <summary>Takes back the last permit, as if the request had not come.</summary>
    public abstract void Undo(ref RateLimitState state);

    /// <summary>Whether the state says no more than a fresh one, and need not be kept.</summary>
    public abstract bool IsIdle(in RateLimitState state, long now);

    protected static int Divide(int permits, int replicas) => Math.Max(1, permits / replicas);

    protected TimeSpan Span(long units) => TimeSpan.FromTicks(units * Unit);
}

/// <summary>What is kept of a key: 16 bytes, whose meaning is the algorithm's.</summary>
internal record struct RateLimitState(long Value, long Time);
