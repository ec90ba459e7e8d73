using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class AlgorithmTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_leaky_bucket_allows_its_burst_and_one_more_immediately()
    {
        var limiter = Limiter(Rule(LeakyBucket, limit: 10, burst: 5));
        Assert.Equal(6, limiter.Burst(20));
        Advance(99);
        Assert.Equal(0, limiter.Burst(20));
        Advance(1);
        Assert.Equal(1, limiter.Burst(20));
        Advance(10_000);
        Assert.Equal(6, limiter.Burst(20));
    }

    [Fact]
    public void A_leaky_bucket_without_burst_spaces_requests()
    {
        var limiter = Limiter(Rule(LeakyBucket, limit: 10));
        Assert.Equal(1, limiter.Burst(3));
        Advance(99);
        Assert.Equal(0, limiter.Burst(3));
        Advance(1);
        Assert.Equal(1, limiter.Burst(3));
    }

    [Fact]
    public void A_leaky_bucket_rounds_a_rate_per_minute_down_as_nginx_does()
    {
        // 10r/m is 166 thousandths of a request per second: 6025 ms, where 6000 ms would be exact.
        var limiter = Limiter(Rule(LeakyBucket, limit: 10, seconds: 60));
        Assert.Equal(1, limiter.Burst(2));
        Assert.Equal(TimeSpan.FromMilliseconds(6025), limiter.TryAcquire(Client).RetryAfter);
        Advance(6024);
        Assert.Equal(0, limiter.Burst(1));
        Advance(1);
        Assert.Equal(1, limiter.Burst(1));
    }

    [Fact]
    public void A_token_bucket_is_full_at_first_and_refilled_continuously()
    {
        var limiter = Limiter(Rule(TokenBucket, limit: 10));
        Assert.Equal(10, limiter.Burst(20));
        Advance(100);
        Assert.Equal(1, limiter.Burst(20));
        Advance(250);
        Assert.Equal(2, limiter.Burst(20));
        Advance(50);
        Assert.Equal(1, limiter.Burst(20)); // the half token was kept
    }

    [Fact]
    public void A_token_bucket_holds_as_many_tokens_as_its_burst()
    {
        var limiter = Limiter(Rule(TokenBucket, limit: 10, burst: 3));
        Assert.Equal(3, limiter.Burst(20));
        Advance(60_000);
        Assert.Equal(3, limiter.Burst(20));
    }

    [Fact]
    public void A_token_bucket_loses_nothing_to_rounding()
    {
        var limiter = Limiter(Rule(TokenBucket, limit: 7, seconds: 3));
        limiter.Burst(7);
        var passed = 0;
        for (var i = 0; i < 300_000; i++)
        {
            _time.Advance(TimeSpan.FromTicks(12_345));
            passed += limiter.Burst(1);
        }

        Assert.Equal((int)(300_000L * 12_345 * 7 / (3 * TimeSpan.TicksPerSecond)), passed);
    }

    [Fact]
    public void A_fixed_window_begins_with_the_first_request()
    {
        var limiter = Limiter(Rule(FixedWindow, limit: 4));
        Advance(700);
        Assert.Equal(4, limiter.Burst(9));
        Advance(999);
        Assert.Equal(0, limiter.Burst(9));
        Advance(1);
        Assert.Equal(4, limiter.Burst(9));
    }

    [Fact]
    public void A_sliding_window_frees_permits_as_the_previous_window_moves_out()
    {
        var limiter = Limiter(Rule(SlidingWindow, limit: 10));
        Advance(300);
        Assert.Equal(10, limiter.Burst(20));
        Advance(1000);
        Assert.Equal(0, limiter.Burst(20));
        Advance(500);
        Assert.Equal(5, limiter.Burst(20));
        Advance(499);
        Assert.Equal(5, limiter.Burst(20));
        Advance(3000);
        Assert.Equal(10, limiter.Burst(20));
    }

    [Fact]
    public void Concurrency_counts_requests_in_flight()
    {
        var limiter = Limiter(Rule(Concurrency, limit: 2));
        var first = limiter.TryAcquire(Client);
        var second = limiter.TryAcquire(Client);
        Assert.Equal((true, true, false), (first.IsAcquired, second.IsAcquired, limiter.TryAcquire(Client).IsAcquired));
        Assert.True(limiter.TryAcquire(Other).IsAcquired);
        limiter.Release(first);
        Assert.True(limiter.TryAcquire(Client).IsAcquired);
        Assert.False(limiter.TryAcquire(Client).IsAcquired);
    }

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(TokenBucket)]
    [InlineData(SlidingWindow)]
    [InlineData(FixedWindow)]
    public void A_client_is_allowed_after_Retry_After_and_not_earlier(RateLimitAlgorithmKind algorithm)
    {
        var random = new Random(11);
        foreach (var limit in (int[])[1, 3, 7, 100])
        {
            var limiter = Limiter(Rule(algorithm, limit, seconds: 1.7, burst: algorithm == LeakyBucket ? 3 : 0));
            for (var i = 0; i < 400; i++)
            {
                _time.Advance(TimeSpan.FromTicks(random.Next(1_000_000)));
                var decision = limiter.TryAcquire(Client);
                if (decision.IsAcquired)
                    continue;
                // The leaky bucket uses whole milliseconds, so it can be early by less than one.
                var resolution = algorithm == LeakyBucket ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromTicks(1);
                _time.Advance(decision.RetryAfter - resolution);
                Assert.False(limiter.TryAcquire(Client).IsAcquired);
                _time.Advance(resolution);
                Assert.True(limiter.TryAcquire(Client).IsAcquired);
            }
        }
    }

    [Theory]
    [InlineData(LeakyBucket, 6)]
    [InlineData(TokenBucket, 10)]
    [InlineData(SlidingWindow, 10)]
    [InlineData(FixedWindow, 10)]
    [InlineData(Concurrency, 10)]
    public void Remaining_equals_the_requests_that_still_pass(RateLimitAlgorithmKind algorithm, int all)
    {
        var limiter = Limiter(Rule(algorithm, limit: 10, burst: algorithm == LeakyBucket ? 5 : 0));
        for (var left = all - 1; left >= 0; left--)
            Assert.Equal((true, left), (limiter.TryAcquire(Client) is var decision && decision.IsAcquired, decision.Remaining));
        var refused = limiter.TryAcquire(Client);
        Assert.Equal((false, 0, 10), (refused.IsAcquired, refused.Remaining, refused.Limit));
    }

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(TokenBucket)]
    [InlineData(SlidingWindow)]
    [InlineData(FixedWindow)]
    [InlineData(Concurrency)]
    public void An_undone_request_leaves_the_state_unchanged(RateLimitAlgorithmKind algorithm)
    {
        var rule = Rule(algorithm, limit: 5, burst: algorithm == LeakyBucket ? 4 : 0);
        var limiter = Limiter(rule);
        limiter.Burst(2);
        limiter.Undo(limiter.TryAcquire(Client));
        Assert.Equal(3, limiter.Burst(9));

        var fresh = Limiter(rule);
        fresh.Undo(fresh.TryAcquire(Client));
        Assert.Equal(5, fresh.Burst(9));
    }

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(TokenBucket)]
    [InlineData(SlidingWindow)]
    [InlineData(FixedWindow)]
    public void The_largest_numbers_do_not_overflow(RateLimitAlgorithmKind algorithm)
    {
        var limiter = Limiter(Rule(algorithm, int.MaxValue, seconds: TimeSpan.FromDays(365).TotalSeconds, burst: int.MaxValue));
        Assert.Equal(1000, limiter.Burst(1000));
        _time.Advance(TimeSpan.FromDays(10_000));
        Assert.Equal(1000, limiter.Burst(1000));
        Assert.InRange(limiter.TryAcquire(Client).Remaining, int.MaxValue - 2000, int.MaxValue);
    }

    private KeyedRateLimiter Limiter(RateLimitRule rule) => new(rule, _time);

    private void Advance(int milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
