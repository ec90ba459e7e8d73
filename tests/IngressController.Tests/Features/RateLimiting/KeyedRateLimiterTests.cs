using System.Threading.RateLimiting;
using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class KeyedRateLimiterTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(TokenBucket)]
    [InlineData(SlidingWindow)]
    [InlineData(FixedWindow)]
    public void Idle_keys_are_removed_and_busy_ones_kept(RateLimitAlgorithmKind algorithm)
    {
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 10, burst: 9), _time);
        for (var i = 0; i < 5000; i++)
            limiter.TryAcquire(Numbered(i));
        Assert.Equal(5000, limiter.KeyCount);
        limiter.Sweep(KeyedRateLimiter.ShardCount);
        Assert.Equal(5000, limiter.KeyCount);

        _time.Advance(TimeSpan.FromSeconds(3));
        limiter.Burst(20);
        limiter.Sweep(KeyedRateLimiter.ShardCount);
        Assert.Equal(1, limiter.KeyCount);
        Assert.Equal(0, limiter.Burst(20));
    }

    [Fact]
    public void A_sweep_covers_a_few_shards_at_a_time()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1), _time);
        for (var i = 0; i < 6400; i++)
            limiter.TryAcquire(Numbered(i));
        _time.Advance(TimeSpan.FromSeconds(1));
        limiter.Sweep(2);
        Assert.InRange(limiter.KeyCount, 5800, 6390);
        for (var i = 0; i < 31; i++)
            limiter.Sweep(2);
        Assert.Equal(0, limiter.KeyCount);
    }

    [Fact]
    public void A_concurrency_key_is_removed_with_its_last_request()
    {
        var limiter = new KeyedRateLimiter(Rule(Concurrency, limit: 2), _time);
        var first = limiter.TryAcquire(Client);
        var second = limiter.TryAcquire(Client);
        limiter.Release(first);
        Assert.Equal(1, limiter.KeyCount);
        limiter.Release(second);
        Assert.Equal(0, limiter.KeyCount);
    }

    [Fact]
    public void Keys_beyond_the_maximum_share_bounded_counts_and_known_keys_keep_theirs()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 2), _time, maxKeys: 100);
        for (var i = 0; i < 100; i++)
            Assert.Equal(1, limiter.Burst(1, Numbered(i)));
        var passed = Enumerable.Range(100, 50_000).Sum(i => limiter.Burst(1, Numbered(i)));
        Assert.Equal(2 * KeyedRateLimiter.OverflowPartitions, passed);
        Assert.Equal(100 + KeyedRateLimiter.OverflowPartitions, limiter.KeyCount);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal(1, limiter.Burst(2, Numbered(i))));
    }

    [Fact]
    public void Idle_keys_are_removed_at_the_maximum()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1), _time, maxKeys: 1000);
        for (var i = 0; i < 1000; i++)
            limiter.TryAcquire(Numbered(i));
        _time.Advance(TimeSpan.FromSeconds(2));
        // A shard is swept once per second, so a few keys can still share counts. If all keys shared them, at most 256 would pass.
        Assert.InRange(Enumerable.Range(1000, 1000).Sum(i => limiter.Burst(1, Numbered(i))), 700, 1000);
        Assert.InRange(limiter.KeyCount, 700, 1000 + KeyedRateLimiter.OverflowPartitions);
    }

    [Fact]
    public void A_request_of_a_shared_count_is_released_where_it_was_counted()
    {
        var limiter = new KeyedRateLimiter(Rule(Concurrency, limit: 1), _time, maxKeys: 1);
        var known = limiter.TryAcquire(Client);
        var shared = limiter.TryAcquire(Other);
        Assert.True(shared.IsAcquired);
        Assert.False(limiter.TryAcquire(Other).IsAcquired);
        limiter.Release(known); // now there is room, and Other would get its own count
        limiter.Release(shared);
        Assert.Equal(0, limiter.KeyCount);
    }

    [Fact]
    public void A_limit_of_the_cluster_follows_the_replicas_and_keeps_its_counts()
    {
        var replicas = 1;
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 10) with { Scope = RateLimitScope.Cluster }, _time, () => replicas);
        Assert.Equal(4, limiter.Burst(4));
        replicas = 2;
        Assert.Equal(1, limiter.Burst(9));
        Assert.Equal(5, limiter.TryAcquire(Client).Limit);
        replicas = 100;
        Assert.Equal(1, limiter.Burst(9, Other));
        replicas = 1;
        Assert.Equal(5, limiter.Burst(9));
    }

    [Theory]
    [InlineData(LeakyBucket, 3)] // burst 5 / 2 and one more
    [InlineData(TokenBucket, 5)]
    [InlineData(SlidingWindow, 5)]
    [InlineData(Concurrency, 5)]
    public void Every_algorithm_is_divided(RateLimitAlgorithmKind algorithm, int each)
    {
        const int Replicas = 2;
        var rule = Rule(algorithm, limit: 10, burst: algorithm == LeakyBucket ? 5 : 0);
        Assert.Equal(each, new KeyedRateLimiter(rule with { Scope = RateLimitScope.Cluster }, _time, () => Replicas).Burst(20));
        Assert.NotEqual(each, new KeyedRateLimiter(rule, _time, () => Replicas).Burst(20));
    }

    [Fact]
    public void The_limiter_implements_the_framework_interface()
    {
        using PartitionedRateLimiter<RateLimitKey> limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1), _time);
        using var lease = limiter.AttemptAcquire(Client);
        Assert.True(lease.IsAcquired);
        Assert.False(lease.TryGetMetadata(MetadataName.RetryAfter, out _));
        using var refused = limiter.AttemptAcquire(Client);
        Assert.False(refused.IsAcquired);
        Assert.True(refused.TryGetMetadata(MetadataName.RetryAfter, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
        Assert.Equal(0, limiter.GetStatistics(Client)!.CurrentAvailablePermits);
        Assert.Null(limiter.GetStatistics(Other));
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.AttemptAcquire(Client, 2));
    }

    [Fact]
    public async Task A_lease_returns_its_permit_once()
    {
        using PartitionedRateLimiter<RateLimitKey> limiter = new KeyedRateLimiter(Rule(Concurrency, limit: 2), _time);
        var lease = await limiter.AcquireAsync(Client);
        using var other = await limiter.AcquireAsync(Client);
        lease.Dispose();
        lease.Dispose();
        Assert.Equal(1, limiter.GetStatistics(Client)!.CurrentAvailablePermits);
    }
}
