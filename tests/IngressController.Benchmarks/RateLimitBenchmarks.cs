using System.Net;
using BenchmarkDotNet.Attributes;
using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace IngressController.Benchmarks;

/// <summary>The cost of a rate limit per request, with 100,000 known clients.</summary>
public class RateLimitBenchmarks
{
    private const int Clients = 100_000;
    private readonly EquatableArray<RateLimitKeyPart> _key = [RateLimitKeyPart.ClientIp];
    private readonly DefaultHttpContext _context = new();
    private readonly IPAddress _client = IPAddress.Parse("10.0.17.3");
    private readonly IPAddress _busy = IPAddress.Parse("10.0.17.4");
    private KeyedRateLimiter _leaky = null!, _token = null!, _sliding = null!, _concurrency = null!;

    [GlobalSetup]
    public void Setup()
    {
        _leaky = Limiter(RateLimitAlgorithmKind.LeakyBucket, limit: 1_000_000_000, burst: 1_000_000_000);
        _token = Limiter(RateLimitAlgorithmKind.TokenBucket, limit: 1_000_000_000, burst: 0);
        _sliding = Limiter(RateLimitAlgorithmKind.SlidingWindow, limit: 1, burst: 0);
        _concurrency = Limiter(RateLimitAlgorithmKind.Concurrency, limit: 10, burst: 0);
    }

    [Benchmark(Description = "rate limit: leaky bucket by client-ip, allowed")]
    public bool LeakyBucket() => _leaky.TryAcquire(Key(_client)).IsAcquired;

    [Benchmark(Description = "rate limit: token bucket by client-ip, allowed")]
    public bool TokenBucket() => _token.TryAcquire(Key(_client)).IsAcquired;

    [Benchmark(Description = "rate limit: sliding window by client-ip, rejected")]
    public bool Rejected() => _sliding.TryAcquire(Key(_busy)).IsAcquired;

    [Benchmark(Description = "rate limit: concurrency by client-ip, acquired and released")]
    public void Concurrency() => _concurrency.Release(_concurrency.TryAcquire(Key(_client)));

    private RateLimitKey Key(IPAddress client) => RateLimitKeys.Read(_key, _context, client, "shop.example", "/");

    private static KeyedRateLimiter Limiter(RateLimitAlgorithmKind algorithm, int limit, int burst)
    {
        var rule = new RateLimitRule { Name = "limit", Algorithm = algorithm, Limit = limit, Window = TimeSpan.FromHours(1), Burst = burst };
        var limiter = new KeyedRateLimiter(rule, TimeProvider.System);
        for (var i = 0; i < Clients && algorithm != RateLimitAlgorithmKind.Concurrency; i++)
            limiter.TryAcquire(RateLimitKey.FromAddress(new IPAddress([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i])));
        return limiter;
    }
}
