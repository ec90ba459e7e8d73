using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// nginx's <c>limit_req</c> with <c>nodelay</c> (ngx_http_limit_req_module.c). As there, it calculates in whole milliseconds and
/// thousandths of a request, rounded down. A request adds 1000 to the excess that has not leaked yet. It is refused, and does not change
/// the state, if the sum exceeds the burst. The state is the excess and the millisecond of the last request that passed.
/// </summary>
internal sealed class LeakyBucketAlgorithm(RateLimitRule rule, int replicas) : RateLimitAlgorithm(rule, replicas)
{
    private const long OneRequest = 1000;

    /// <summary>The rate in thousandths of a request per second, rounded down as nginx does with <c>r/m</c>.</summary>
    private readonly long _rate = Math.Max(1, (long)((Int128)Divide(rule.Limit, replicas) * OneRequest * TimeSpan.TicksPerSecond / rule.Window.Ticks));

    private readonly long _burst = rule.Burst / replicas * OneRequest;

    /// <summary>The state with which the first request has an excess of 0 instead of 1000, as in nginx.</summary>
    public override RateLimitState Initial(long now) => new(-OneRequest, Milliseconds(now));

    public override RateLimitDecision TryAcquire(ref RateLimitState state, long now)
    {
        var passed = Milliseconds(now) - state.Time;
        var excess = state.Value + OneRequest - Leaked(state, passed);
        if (excess > _burst)
        {
            // The first millisecond at which enough has leaked, with the same rounding.
            var wait = CeilingOf((state.Value + OneRequest - _burst) * 1000, _rate) - passed;
            return new(false, Limit, 0, TimeSpan.FromMilliseconds(wait), DrainTime(excess - OneRequest));
        }

        state = new(excess, Milliseconds(now));
        return new(true, Limit, (int)Math.Min(int.MaxValue, (_burst - excess) / OneRequest), TimeSpan.Zero, DrainTime(excess));
    }

    public override void Undo(ref RateLimitState state) => state.Value = Math.Max(-OneRequest, state.Value - OneRequest);

    public override bool IsIdle(in RateLimitState state, long now) =>
        Leaked(state, Milliseconds(now) - state.Time) >= state.Value + OneRequest;

    /// <summary>The amount that has leaked, at most the excess and one request. The product is not computed if it could overflow.</summary>
    private long Leaked(in RateLimitState state, long passed)
    {
        var all = state.Value + OneRequest;
        return passed > (all * 1000 / _rate) + 1 ? all : Math.Min(all, _rate * passed / 1000);
    }

    private TimeSpan DrainTime(long excess) => TimeSpan.FromMilliseconds(CeilingOf((excess + OneRequest) * 1000, _rate));

    private static long Milliseconds(long ticks) => ticks / TimeSpan.TicksPerMillisecond;

    private static long CeilingOf(long value, long divisor) => (value + divisor - 1) / divisor;
}
