using System.Diagnostics;
using IngressController.Signals;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.Forwarding;

/// <summary>A failing backend is logged once per second, not once per request.</summary>
public sealed class FailureLogTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public void One_failure_per_second_is_logged_and_others_are_counted()
    {
        var clock = new Clock();
        var limit = new FailureLogLimit(clock, NullLogger.Instance);
        Assert.Equal((true, 0), Take(limit, 7));
        for (var i = 0; i < 5; i++)
            Assert.False(Take(limit, 7).IsLogged);
        Assert.Equal((true, 0), Take(limit, 8));

        clock.Now += TimeSpan.FromSeconds(0.9);
        Assert.False(Take(limit, 7).IsLogged);
        clock.Now += TimeSpan.FromSeconds(0.1);
        Assert.Equal((true, 6), Take(limit, 7));
        Assert.False(Take(limit, 7).IsLogged);
        clock.Now += TimeSpan.FromHours(1);
        Assert.Equal((true, 1), Take(limit, 7));
        Assert.Equal((true, 0), Take(limit, -7));
    }

    [Fact]
    public async Task A_failing_backend_does_not_fill_the_log()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync([port]);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20; i++)
            await proxy.GetAsync(host);

        var lines = proxy.Controller.Log.CountOf($"127.0.0.1:{port} failed");
        Assert.InRange(lines, 1, 1 + (int)Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    [Fact]
    public void The_number_of_the_last_failures_is_logged_when_no_more_follow()
    {
        var clock = new ManualTimeProvider();
        using var lines = new LogLines();
        var limit = new FailureLogLimit(clock, lines.CreateLogger("x"));
        for (var i = 0; i < 6; i++)
        {
            Take(limit, 7);
            Take(limit, 8);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((true, 5), Take(limit, 8));
        Take(limit, 8);
        Assert.Empty(lines.All);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, lines.CountOf("6 more failures of 2 kinds were not logged"));
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(lines.All);
        Assert.Equal((true, 0), Take(limit, 7));
    }

    [Fact]
    public void Endpoints_do_not_hide_each_other_up_to_a_maximum()
    {
        var clock = new Clock { Now = TimeSpan.FromDays(1) };
        var limit = new FailureLogLimit(clock, NullLogger.Instance);
        for (var second = 0; second < 3; second++)
        {
            var endpoints = Enumerable.Range((second * 5000) + 1, 1000);
            Assert.All(endpoints, key => Assert.Equal((true, 0), Take(limit, key)));
            Assert.InRange(Enumerable.Range((second * 5000) + 1001, 1000).Count(key => Take(limit, key).IsLogged), 20, 25);
            Assert.DoesNotContain(endpoints, key => Take(limit, key).IsLogged);
            clock.Now += TimeSpan.FromSeconds(1);
            // An endpoint whose number is not logged yet keeps its place.
            Assert.All(endpoints, key => Assert.Equal((true, 1), Take(limit, key)));
            clock.Now += TimeSpan.FromSeconds(1);
        }
    }

    private static (bool IsLogged, long Suppressed) Take(FailureLogLimit limit, int key) => (limit.TryTake(key, out var suppressed), suppressed);

    internal sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
