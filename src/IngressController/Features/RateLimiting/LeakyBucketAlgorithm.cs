using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// nginx's <c>limit_req</c> with <c>nodelay</c> (ngx_http_limit_req_module.c): in whole milliseconds and thousandths of a request, each
/// rounded down as there. A request adds 1000 to what has not leaked out yet, and is refused, without a trace, when more than the burst
/// is in the bucket then. The state is that excess and the millisecond of the last request that passed.
/// </summary>
internal sealed class LeakyBucketAlgorithm(RateLimitRule rule, int replicas) : RateLimitAlgorithm(rule, replicas)
{
    private const long OneRequest = 1000;

    /// <summary>Thousandths of a request per second, rounded down as nginx does with <c>r/m</c>.</summary>
    private readonly long _rate = Math.Max(1, (long)((Int128)Divide(rule.Limit, replicas) * OneRequest * TimeSpan.TicksPerSecond / rule.Window.Ticks));

    private readonly long _burst = rule.Burst / replicas * OneRequest;

    /// <summary>nginx gives the first request of a key an excess of 0, not 1000.</summary>
    public override RateLimitState Fresh(long now) => new(-OneRequest, Milliseconds(now));

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        var passed = Milliseconds(now) - state.Time;
        var excess = state.Value + OneRequest - Leaked(state, passed);
        if (excess > _burst)
        {
            // The first millisecond at which enough has leaked out, by the same rounding.
            var wait = CeilingOf((state.Value + OneRequest - _burst) * 1000, _rate) - passed;
            return new(false, Limit, 0, TimeSpan.FromMilliseconds(wait), Drained(excess - OneRequest));
        }

        state = new(excess, Milliseconds(now));
        return new(true, Limit, (int)Math.Min(int.MaxValue, (_burst - excess) / OneRequest), TimeSpan.Zero, Drained(excess));
    }

    public override void Undo(ref RateLimitState state) => state.Value = Math.Max(-OneRequest, state.Value - OneRequest);

    public override bool IsIdle(in RateLimitState state, long now) =>
        Leaked(state, Milliseconds(now) - state.Time) >= state.Value + OneRequest;

    /// <summary>At most what was in the bucket and the request itself: the product is not computed where it would be too large.</summary>
    private long Leaked(in RateLimitState state, long passed)
    {
        var all = state.Value + OneRequest;
        return passed > (all * 1000 / _rate) + 1 ? all : Math.Min(all, _rate * passed / 1000);
    }

    private TimeSpan Drained(long excess) => TimeSpan.FromMilliseconds(CeilingOf((excess + OneRequest) * 1000, _rate));

    private static long Milliseconds(long ticks) => ticks / TimeSpan.TicksPerMillisecond;

    private static long CeilingOf(long value, long divisor) => (value + divisor - 1) / divisor;
}
