using IngressController.Features.RateLimiting;
using IngressController.Tests.Kubernetes;
using static IngressController.Routing.Features.RateLimiting.RateLimitAlgorithmKind;
using static IngressController.Tests.Features.RateLimiting.Rules;

namespace IngressController.Tests.Features.RateLimiting;

/// <summary>
/// Compares the leaky bucket with recorded responses of Debian's nginx 1.22.1 (<c>limit_req ... nodelay</c>, one client on a kept-alive
/// connection): 1 for 200, 0 for 503, one word per burst. Bursts begin far from the moment at which one more request passes, so their
/// duration of a few milliseconds does not matter (docs/decisions/0008-rate-limiting.md).
/// </summary>
public sealed class NginxComparisonTests
{
    [Theory]
    [InlineData(10, 1, 0, "0 50 60 450 150 150 150", "1000 00 10 100 1 1 1")]
    [InlineData(10, 1, 5, "0 350 320 270 1850 550 50 1250",
        "11111100000000000000 111000000 111000000 111000000 11111100000000000000 1 1 111111000")]
    [InlineData(50, 1, 25, "0 110 220 340 1000",
        "111111111111111111111111110000000000000000000000000000000000 11111000000000000000 11111111111000000000 "
        + "1111111111111111100000000000000000000000 111111111111111111111111110000000000000000000000000000000000")]
    [InlineData(100, 60, 5, "0 900 700 2100", "111111000000 100 100 111100000")]
    [InlineData(7, 1, 35, "0 500 1000 1450",
        "111111111111111111111111111111111111000000000000000000000000 111000000 11111110000000000000 11111111110000000000")]
    public void The_leaky_bucket_decides_as_nginx_does(int limit, int seconds, int burst, string pauses, string answers)
    {
        var time = new ManualTimeProvider();
        var limiter = new KeyedRateLimiter(Rule(LeakyBucket, limit, seconds, burst), time);
        var actual = pauses.Split(' ').Zip(answers.Split(' '), (pause, expected) =>
        {
            time.Advance(TimeSpan.FromMilliseconds(int.Parse(pause)));
            return string.Concat(expected.Select(_ => limiter.TryAcquire(Client).IsAcquired ? '1' : '0'));
        });
        Assert.Equal(answers, string.Join(' ', actual));
    }
}
