using System.Net;
using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Tests.Features.RateLimiting;

internal static class Rules
{
    public static RateLimitKey Client { get; } = RateLimitKey.FromAddress(IPAddress.Parse("192.0.2.1"));

    public static RateLimitKey Other { get; } = RateLimitKey.FromAddress(IPAddress.Parse("192.0.2.2"));

    public static RateLimitRule Rule(RateLimitAlgorithmKind algorithm, int limit, double seconds = 1, int burst = 0, int queue = 0) => new()
    {
        Name = "rate-limit",
        Algorithm = algorithm,
        Limit = limit,
        Window = TimeSpan.FromSeconds(seconds),
        Burst = burst,
        Queue = queue,
    };

    public static RateLimitKey Numbered(int number) => RateLimitKey.FromAddress(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]));

    /// <summary>Number of requests that pass out of several at the same time.</summary>
    public static int Burst(this KeyedRateLimiter limiter, int requests, RateLimitKey? key = null) =>
        Enumerable.Range(0, requests).Count(_ => limiter.TryAcquire(key ?? Client).IsAcquired);
}
