using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>Counts requests in flight, like nginx's <c>limit_conn</c>. The state is their number.</summary>
internal sealed class ConcurrencyAlgorithm(RateLimitRule rule, int replicas) : RateLimitAlgorithm(rule, replicas)
{
    public override RateLimitState Initial(long now) => default;

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        if (state.Value >= Limit)
            return new(false, Limit, 0, TimeSpan.Zero, TimeSpan.Zero);

        state.Value++;
        return new(true, Limit, Limit - (int)state.Value, TimeSpan.Zero, TimeSpan.Zero);
    }

    public override void Undo(ref RateLimitState state) => state.Value--;

    public override bool IsIdle(in RateLimitState state, long now) => state.Value == 0;
}
