using System.Runtime.CompilerServices;
using IngressController.Features.RateLimiting;
using IngressController.Metrics;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Values;
using IngressController.Tests.Kubernetes;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class RateLimiterStoreTests : IDisposable
{
    private static readonly ResourceName Shop = new("team", "shop");
    private static readonly RateLimitRule Limit = Rule(FixedWindow, limit: 2);

    private readonly ManualTimeProvider _time = new();
    private readonly RateLimiterStore _store;

    public RateLimiterStoreTests() => _store = new RateLimiterStore(_time, () => 1);

    public void Dispose() => _store.Dispose();

    [Fact]
    public void Routes_of_one_Ingress_share_a_limiter_for_as_long_as_the_rule_is_the_same()
    {
        var limiter = _store.For(Shop, Limit);
        Assert.Same(limiter, _store.For(Shop, Limit with { Key = [RateLimitKeyPart.ClientIp] }));
        Assert.NotSame(limiter, _store.For(new ResourceName("team", "blog"), Limit));
        Assert.NotSame(limiter, _store.For(Shop, Limit with { Limit = 3 }));
        Assert.NotSame(limiter, _store.For(Shop, Limit with { Key = [new RateLimitKeyPart(RateLimitKeyKind.Host)] }));
    }

    [Fact]
    public void A_change_of_the_reply_keeps_the_counts()
    {
        Assert.True(IpNetworkSet.TryParse("10.0.0.0/8", out var exempt, out _));
        var limiter = _store.For(Shop, Limit);
        Assert.Same(limiter, _store.For(Shop, Limit with { IsDryRun = true, Status = 503, SendsHeaders = true, Exempt = exempt }));
    }

    [Fact]
    public void Limiters_without_a_route_are_collected()
    {
        Use(_store);
        var kept = _store.For(Shop, Limit with { Limit = 7 });
        kept.TryAcquire(Client);
        GC.Collect();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(1, _store.KeyCount);
        Assert.Equal(2, _store.For(Shop, Limit).Burst(9)); // a new limiter, not the exhausted one
        GC.KeepAlive(kept);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Use(RateLimiterStore store) => Assert.Equal(2, store.For(Shop, Limit).Burst(9));
    }

    [Fact]
    public void Idle_keys_are_removed_within_half_a_minute()
    {
        var limiter = _store.For(Shop, Limit);
        for (var i = 0; i < 10_000; i++)
            limiter.TryAcquire(Numbered(i));
        Assert.Equal(10_000, _store.KeyCount);
        for (var second = 0; second < 33; second++)
            _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _store.KeyCount);
        GC.KeepAlive(limiter);
    }

    [Fact]
    public void Refused_requests_are_counted_per_Ingress_and_rule()
    {
        var metrics = new RateLimitMetrics(_store);
        var counters = metrics.For(Shop, "limit-rps");
        Assert.Same(counters, metrics.For(Shop, "limit-rps"));
        counters.OverLimit(isDryRun: false);
        counters.OverLimit(isDryRun: false);
        counters.OverLimit(isDryRun: true);
        _ = metrics.For(Shop, "limit-rpm");
        var limiter = _store.For(Shop, Limit);
        limiter.TryAcquire(Client);

        var text = new PrometheusText();
        metrics.Write(text);
        var page = text.ToString();
        Assert.Contains("yarp_ingress_rate_limited_requests_total{namespace=\"team\",ingress=\"shop\",rule=\"limit-rps\",dry_run=\"false\"} 2\n", page, StringComparison.Ordinal);
        Assert.Contains("yarp_ingress_rate_limited_requests_total{namespace=\"team\",ingress=\"shop\",rule=\"limit-rps\",dry_run=\"true\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("yarp_ingress_rate_limit_keys 1\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("limit-rpm", page, StringComparison.Ordinal);
        GC.KeepAlive((counters, limiter));
    }
}
