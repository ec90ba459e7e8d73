using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class RateLimitQueueTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(TokenBucket)]
    [InlineData(SlidingWindow)]
    [InlineData(FixedWindow)]
    public async Task Waiting_requests_pass_in_order_when_permits_are_due(RateLimitAlgorithmKind algorithm)
    {
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 1, queue: 2), _time);
        Assert.True((await Wait(limiter)).IsAcquired);
        var first = Wait(limiter);
        var second = Wait(limiter);
        var third = Wait(limiter);
        Assert.False((await third).IsAcquired);
        Assert.False(first.IsCompleted);

        // In a sliding window the previous request still counts at the end of the second.
        Advance(1001);
        Assert.True((await first).IsAcquired);
        Assert.False(second.IsCompleted);
        Advance(1001);
        Assert.True((await second).IsAcquired);
    }

    [Fact]
    public async Task New_requests_do_not_overtake_waiting_ones()
    {
        var limiter = new KeyedRateLimiter(Rule(Concurrency, limit: 1, queue: 1), _time);
        var running = limiter.TryAcquire(Client);
        var waiting = Wait(limiter);
        Assert.False(limiter.TryAcquire(Client).IsAcquired);
        limiter.Release(running);
        Assert.False(limiter.TryAcquire(Client).IsAcquired);
        var granted = await waiting;
        Assert.True(granted.IsAcquired);
        limiter.Release(granted);
        Assert.True(limiter.TryAcquire(Client).IsAcquired);
    }

    [Fact]
    public async Task A_canceled_request_leaves_the_queue_and_takes_no_permit()
    {
        var limiter = new KeyedRateLimiter(Rule(TokenBucket, limit: 1, queue: 2), _time);
        limiter.TryAcquire(Client);
        using var cancellation = new CancellationTokenSource();
        var gone = Wait(limiter, cancellation.Token);
        var stays = Wait(limiter);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(1, limiter.GetStatistics(Client)!.CurrentQueuedCount);

        var behind = Wait(limiter); // takes the freed place
        Advance(1000);
        Assert.True((await stays).IsAcquired);
        Advance(1000);
        Assert.True((await behind).IsAcquired);
    }

    [Fact]
    public async Task The_next_request_is_served_immediately_after_all_waiting_ones_are_canceled()
    {
        var limiter = new KeyedRateLimiter(Rule(TokenBucket, limit: 1, queue: 1), _time);
        limiter.TryAcquire(Client);
        using var cancellation = new CancellationTokenSource();
        var gone = Wait(limiter, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Advance(1000);
        Assert.True(limiter.TryAcquire(Client).IsAcquired);
    }

    [Fact]
    public async Task A_request_canceled_beforehand_takes_no_permit()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1, queue: 1), _time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait(limiter, new CancellationToken(canceled: true)));
        Assert.True(limiter.TryAcquire(Client).IsAcquired);
    }

    [Fact]
    public async Task Each_key_has_its_own_queue()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1, queue: 1), _time);
        limiter.TryAcquire(Client);
        var waiting = Wait(limiter);
        Assert.True((await limiter.WaitAsync(Other, CancellationToken.None)).IsAcquired);
        Assert.False(waiting.IsCompleted);
        Advance(1000);
        Assert.True((await waiting).IsAcquired);
    }

    [Fact]
    public async Task A_sweep_keeps_waiting_requests()
    {
        var limiter = new KeyedRateLimiter(Rule(FixedWindow, limit: 1, queue: 1), _time);
        limiter.TryAcquire(Client);
        var waiting = Wait(limiter);
        limiter.Sweep(KeyedRateLimiter.ShardCount);
        Advance(1000);
        Assert.True((await waiting).IsAcquired);
    }

    [Fact]
    public async Task Disposing_refuses_waiting_requests()
    {
        var limiter = new KeyedRateLimiter(Rule(Concurrency, limit: 1, queue: 1), _time);
        limiter.TryAcquire(Client);
        var waiting = Wait(limiter);
        limiter.Dispose();
        Assert.False((await waiting).IsAcquired);
        Assert.False((await Wait(limiter)).IsAcquired);
    }

    private static Task<RateLimitDecision> Wait(KeyedRateLimiter limiter, CancellationToken cancellation = default) =>
        limiter.WaitAsync(Client, cancellation).AsTask().WaitAsync(TimeSpan.FromMinutes(1));

    private void Advance(int milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
}
