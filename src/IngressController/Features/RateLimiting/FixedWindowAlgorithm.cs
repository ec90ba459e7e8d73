using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Counts requests in a fixed window, which begins with the first request of a key: windows aligned to the clock would allow all clients at
/// the same moment. The state is the beginning of the window and the count.
/// </summary>
internal sealed class FixedWindowAlgorithm(RateLimitRule rule, int replicas) : RateLimitAlgorithm(rule, replicas)
{
    public override RateLimitState Initial(long now) => new(0, now / Unit);

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        if (IsOver(state, now))
            state = Initial(now);
        var left = Span(state.Time + Window - (now / Unit));
        if (state.Value >= Limit)
            return new(false, Limit, 0, left, left);

        state.Value++;
        return new(true, Limit, Limit - (int)state.Value, TimeSpan.Zero, left);
    }

    public override void Undo(ref RateLimitState state) => state.Value = Math.Max(0, state.Value - 1);

    public override bool IsIdle(in RateLimitState state, long now) => state.Value == 0 || IsOver(state, now);

    private bool IsOver(in RateLimitState state, long now) => (now / Unit) - state.Time >= Window;
}
