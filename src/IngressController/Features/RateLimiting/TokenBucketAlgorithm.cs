using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// A bucket of <c>Burst</c> tokens (<c>Limit</c> without a burst), full at first and refilled continuously with <c>Limit</c> tokens per
/// window. A request takes one token. The state is the level, in fractions of a token (one divided by the window) so that it is exact, and
/// the time of that level.
/// </summary>
internal sealed class TokenBucketAlgorithm : RateLimitAlgorithm
{
    private readonly long _capacity;

    public TokenBucketAlgorithm(RateLimitRule rule, int replicas) : base(rule, replicas) =>
        _capacity = Divide(rule.Burst > 0 ? rule.Burst : rule.Limit, replicas) * Window;

    public override RateLimitState Initial(long now) => new(_capacity, now / Unit);

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        state = new(Level(state, now), now / Unit);
        if (state.Value < Window)
            return new(false, Limit, 0, Span(UntilLevel(state, Window)), Span(UntilLevel(state, _capacity)));

        state.Value -= Window;
        return new(true, Limit, (int)(state.Value / Window), TimeSpan.Zero, Span(UntilLevel(state, _capacity)));
    }

    public override void Undo(ref RateLimitState state) => state.Value = Math.Min(_capacity, state.Value + Window);

    public override bool IsIdle(in RateLimitState state, long now) => Level(state, now) >= _capacity;

    private long Level(in RateLimitState state, long now)
    {
        var passed = (now / Unit) - state.Time;
        return passed >= UntilLevel(state, _capacity) ? _capacity : state.Value + (passed * Limit);
    }

    private long UntilLevel(in RateLimitState state, long level) => Math.Max(0, (level - state.Value + Limit - 1) / Limit);
}
