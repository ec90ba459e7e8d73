using System.Diagnostics;
using System.Runtime.CompilerServices;
using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using Xunit.Abstractions;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

/// <summary>Many concurrent clients: no permit is granted twice, the rate is exact, and memory is bounded.</summary>
[Collection("alone")] // other tests would allocate while memory is measured
public sealed class RateLimitLoadTests(ITestOutputHelper output)
{
    private const int Clients = 8;

    [Theory]
    [InlineData(LeakyBucket, 1001)]
    [InlineData(TokenBucket, 1000)]
    [InlineData(SlidingWindow, 1000)]
    [InlineData(FixedWindow, 1000)]
    [InlineData(Concurrency, 1000)]
    public void Concurrent_clients_get_exactly_the_available_permits(RateLimitAlgorithmKind algorithm, int all)
    {
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 1000, burst: 1000), new ManualTimeProvider());
        var passed = new int[8];
        Run(client =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                var key = i % passed.Length;
                if (limiter.TryAcquire(Numbered(key)).IsAcquired)
                    Interlocked.Increment(ref passed[key]);
            }
        });
        Assert.All(passed, count => Assert.Equal(all, count));
    }

    [Fact]
    public async Task Permits_are_neither_lost_nor_granted_twice_during_waits_cancellations_and_sweeps()
    {
        const int Limit = 3;
        var limiter = new KeyedRateLimiter(Rule(Concurrency, Limit, queue: 4), TimeProvider.System);
        int inside = 0, most = 0, served = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            for (var i = 0; i < 500; i++)
            {
                using var timeout = new CancellationTokenSource();
                var pending = limiter.WaitAsync(Client, timeout.Token);
                if (random.Next(4) == 0)
                    await timeout.CancelAsync();
                RateLimitDecision decision;
                try
                {
                    decision = await pending;
                }
                catch (OperationCanceledException)
                {
                    continue;
                }

                if (!decision.IsAcquired)
                    continue;
                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                await Task.Yield();
                limiter.Sweep(8);
                Interlocked.Decrement(ref inside);
                Interlocked.Increment(ref served);
                limiter.Release(decision);
            }
        })));
        Assert.InRange(most, 1, Limit);
        Assert.InRange(served, 500, int.MaxValue);
        Assert.Equal(0, limiter.KeyCount);
        Assert.Equal(Limit, limiter.Burst(10));
    }

    [Theory]
    [InlineData(LeakyBucket, 0)]
    [InlineData(TokenBucket, 1)]
    [InlineData(SlidingWindow, 0)]
    [InlineData(FixedWindow, 0)]
    public void Eight_clients_get_the_limit_within_two_percent_over_ten_seconds(RateLimitAlgorithmKind algorithm, int burst)
    {
        var time = new ManualTimeProvider();
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 100, burst: burst), time);
        var passed = 0;
        for (var millisecond = 0; millisecond < 10_000; millisecond++)
        {
            passed += limiter.Burst(Clients);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(passed, 980, 1020);
    }

    [Theory]
    [InlineData(LeakyBucket, 50)]
    [InlineData(TokenBucket, 0)]
    public void After_the_burst_eight_clients_get_the_limit_within_two_percent(RateLimitAlgorithmKind algorithm, int burst)
    {
        var time = new ManualTimeProvider();
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 100, burst: burst), time);
        limiter.Burst(1000);
        var passed = 0;
        for (var millisecond = 0; millisecond < 10_000; millisecond++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            passed += limiter.Burst(Clients);
        }

        Assert.InRange(passed, 980, 1020);
    }

    [Fact]
    public void Eight_threads_in_real_time_get_the_limit()
    {
        var limiter = new KeyedRateLimiter(Rule(SlidingWindow, limit: 100), TimeProvider.System);
        var passed = 0;
        var start = Stopwatch.GetTimestamp();
        Run(_ =>
        {
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(3))
            {
                if (limiter.TryAcquire(Client).IsAcquired)
                    Interlocked.Increment(ref passed);
            }
        });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        output.WriteLine($"{passed} in {seconds:0.000} s: {passed / seconds:0.0} per second");
        // At most the limit for the elapsed time; a busy machine can leave a part unused.
        Assert.InRange(passed, 285, (int)(100 * seconds) + 2);
    }

    [Theory]
    [InlineData(LeakyBucket)]
    [InlineData(SlidingWindow)]
    public void A_million_keys_stay_under_200_MiB(RateLimitAlgorithmKind algorithm)
    {
        const int Keys = 1_000_000;
        var before = MemoryAfterCollection();
        var time = new ManualTimeProvider();
        var limiter = Fill(algorithm, time, Keys);
        var after = MemoryAfterCollection();
        output.WriteLine($"{algorithm}: {(after - before) / 1024.0 / 1024:0.0} MiB");
        Assert.Equal(Keys, limiter.KeyCount);
        Assert.InRange(after - before, 0, 200L * 1024 * 1024);

        time.Advance(TimeSpan.FromSeconds(5));
        limiter.Sweep(KeyedRateLimiter.ShardCount);
        Assert.Equal(0, limiter.KeyCount);
        var swept = MemoryAfterCollection();
        output.WriteLine($"{algorithm}: {(swept - before) / 1024.0 / 1024:0.0} MiB after the sweep");
        Assert.InRange(swept - before, long.MinValue, 20L * 1024 * 1024);
        GC.KeepAlive(limiter);
    }

    /// <summary>The used memory after finalizers of earlier tests have run.</summary>
    private static long MemoryAfterCollection()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    [Fact]
    public void A_known_key_does_not_allocate()
    {
        var limiter = new KeyedRateLimiter(Rule(LeakyBucket, limit: 100, burst: 5), TimeProvider.System);
        limiter.Burst(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        limiter.TryAcquire(Client);
        for (var i = 0; i < 1000; i++)
            limiter.TryAcquire(Client);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static KeyedRateLimiter Fill(RateLimitAlgorithmKind algorithm, TimeProvider time, int keys)
    {
        var limiter = new KeyedRateLimiter(Rule(algorithm, limit: 10, burst: 5), time);
        for (var i = 0; i < keys; i++)
            limiter.TryAcquire(Numbered(i));
        return limiter;
    }

    private static void Run(Action<int> client)
    {
        var threads = Enumerable.Range(0, Clients).Select(i => new Thread(() => client(i))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}
