using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Estimates the requests of the last window from two counters: all requests of the current window, and those of the previous window in
/// proportion to its part that is still within the last window, rounded down. Windows begin with the first request of a key. The state is
/// the beginning of the current window and both counters.
/// </summary>
internal sealed class SlidingWindowAlgorithm(RateLimitRule rule, int replicas) : RateLimitAlgorithm(rule, replicas)
{
    public override RateLimitState Initial(long now) => new(0, now / Unit);

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        Roll(ref state, now / Unit);
        var (previous, current) = Unpack(state);
        var left = Window - ((now / Unit) - state.Time);
        var remaining = Limit - current - (int)(previous * left / Window);
        if (remaining <= 0)
            return new(false, Limit, 0, Span(UntilPermit(previous, current, left)), Span(left));

        state.Value = Pack(previous, current + 1);
        return new(true, Limit, remaining - 1, TimeSpan.Zero, Span(left));
    }

    public override void Undo(ref RateLimitState state)
    {
        var (previous, current) = Unpack(state);
        state.Value = Pack(previous, Math.Max(0, current - 1));
    }

    public override bool IsIdle(in RateLimitState state, long now)
    {
        var rolled = state;
        Roll(ref rolled, now / Unit);
        return rolled.Value == 0;
    }

    private void Roll(ref RateLimitState state, long now)
    {
        var windows = (now - state.Time) / Window;
        if (windows == 1 && Unpack(state).Current is > 0 and var previous)
            state = new(Pack(previous, 0), state.Time + Window);
        else if (windows > 0)
            state = new(0, now);
    }

    /// <summary>
    /// The time until the share of the previous window has shrunk enough; in the next window if the current one alone is full.
    /// </summary>
    private long UntilPermit(int previous, int current, long left) => current < Limit
        ? left - LeftWithin(previous, Limit - current - 1)
        : left + Window - LeftWithin(current, Limit - 1);

    /// <summary>The part of a window that can be left so that at most <paramref name="allowed"/> of its requests count.</summary>
    private long LeftWithin(int requests, int allowed) =>
        requests == 0 ? Window : Math.Min(Window, (((allowed + 1) * Window) - 1) / requests);

    private static long Pack(int previous, int current) => ((long)previous << 32) | (uint)current;

    private static (int Previous, int Current) Unpack(in RateLimitState state) => ((int)(state.Value >> 32), (int)state.Value);
}
