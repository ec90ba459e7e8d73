using IngressController.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Http;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class RateLimitHeadersTests
{
    private readonly HttpResponse _response = new DefaultHttpContext().Response;

    [Fact]
    public void A_rule_is_written_as_policy_and_state()
    {
        var rule = Rule(FixedWindow, limit: 100, seconds: 60);
        var time = new ManualTimeProvider();
        var limiter = new KeyedRateLimiter(rule, time);
        limiter.Burst(49);
        time.Advance(TimeSpan.FromSeconds(30));
        RateLimitHeaders.Append(_response, rule, limiter.TryAcquire(Client));
        Assert.Equal("\"rate-limit\";q=100;w=60", _response.Headers["RateLimit-Policy"]);
        Assert.Equal("\"rate-limit\";r=50;t=30", _response.Headers["RateLimit"]);
    }

    [Fact]
    public void Several_rules_are_list_items()
    {
        var rule = Rule(FixedWindow, limit: 5);
        var decision = new KeyedRateLimiter(rule, new ManualTimeProvider()).TryAcquire(Client);
        RateLimitHeaders.Append(_response, rule, decision);
        RateLimitHeaders.Append(_response, rule with { Name = "second" }, decision);
        Assert.Equal("\"rate-limit\";q=5;w=1, \"second\";q=5;w=1", _response.Headers["RateLimit-Policy"]);
        Assert.Equal("\"rate-limit\";r=4;t=1, \"second\";r=4;t=1", _response.Headers["RateLimit"]);
    }

    [Fact]
    public void Concurrency_has_a_unit_and_no_time()
    {
        var rule = Rule(Concurrency, limit: 5);
        RateLimitHeaders.Append(_response, rule, new KeyedRateLimiter(rule, new ManualTimeProvider()).TryAcquire(Client));
        Assert.Equal("\"rate-limit\";q=5;qu=\"concurrent-requests\"", _response.Headers["RateLimit-Policy"]);
        Assert.Equal("\"rate-limit\";r=4", _response.Headers["RateLimit"]);
    }

    [Theory]
    [InlineData(0, "1")]
    [InlineData(1, "1")]
    [InlineData(1000, "1")]
    [InlineData(1001, "2")]
    [InlineData(3_600_000, "3600")]
    public void Retry_After_is_rounded_up_to_whole_seconds(int milliseconds, string expected)
    {
        RateLimitHeaders.WriteRetryAfter(_response, new RateLimitDecision(false, 1, 0, TimeSpan.FromMilliseconds(milliseconds), TimeSpan.Zero));
        Assert.Equal(expected, _response.Headers.RetryAfter);
    }
}
