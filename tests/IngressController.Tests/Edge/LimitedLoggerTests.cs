using IngressController.Logging;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Edge;

/// <summary>Lines of Kestrel and YARP are limited to one per second and kind, and none is lost uncounted.</summary>
public sealed class LimitedLoggerTests : IDisposable
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";

    private readonly ManualTimeProvider _clock = new();
    private readonly LogLines _lines = new();
    private readonly LimitedLoggerFactory _factory;

    public LimitedLoggerTests() => _factory = new LimitedLoggerFactory(new LoggerFactory([_lines]), _clock);

    public void Dispose()
    {
        _factory.Dispose();
        _lines.Dispose();
    }

    [Fact]
    public void A_flood_is_one_line_and_then_one_number_per_second()
    {
        var logger = _factory.CreateLogger(Kestrel);
        for (var second = 0; second < 3; second++)
        {
            for (var i = 0; i < 1000; i++)
                logger.LogWarning(new EventId(7, "Slow"), "slow {Number}", i);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            [
                $"Warning {Kestrel}: slow 0 ",
                $"Warning {Kestrel}: 999 more lines of the kind Slow were not logged: at most one is in a second ",
                $"Warning {Kestrel}: 1000 more lines of the kind Slow were not logged: at most one is in a second ",
                $"Warning {Kestrel}: 1000 more lines of the kind Slow were not logged: at most one is in a second ",
            ],
            _lines.All);
    }

    [Fact]
    public void A_line_after_a_quiet_second_is_logged_in_full()
    {
        var logger = _factory.CreateLogger(Kestrel);
        logger.LogWarning(7, "first");
        logger.LogWarning(7, "second");
        _clock.Advance(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(0.9));
        logger.LogWarning(7, "third");
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        logger.LogWarning(7, "fourth");
        _clock.Advance(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        logger.LogWarning(7, "fifth");

        Assert.Equal((5, 2), (_lines.All.Length, _lines.CountOf("1 more lines of the kind event 7 ")));
        Assert.Equal((1, 1, 1), (_lines.CountOf("first"), _lines.CountOf("fourth"), _lines.CountOf("fifth")));
    }

    /// <summary>A flood of one kind hides no other.</summary>
    [Fact]
    public void Other_events_errors_and_categories_have_lines_of_their_own()
    {
        var logger = _factory.CreateLogger(Kestrel);
        for (var i = 0; i < 100; i++)
        {
            logger.LogError(13, new IOException("reset"), "client");
            logger.LogError(13, new InvalidOperationException("bug"), "application");
            logger.LogWarning(22, "heartbeat");
            _factory.CreateLogger("Yarp.ReverseProxy.X").LogError(13, new IOException("reset"), "yarp");
        }

        Assert.Equal(4, _lines.All.Length);
        Assert.Equal((1, 1, 1, 1), (_lines.CountOf("client"), _lines.CountOf("bug"), _lines.CountOf("heartbeat"), _lines.CountOf("yarp")));
    }

    [Fact]
    public void Lines_of_the_controller_and_of_the_host_pass()
    {
        foreach (var category in new[] { "IngressController.Sources.SourceRunner", "Microsoft.Extensions.Hosting.Internal.Host" })
        {
            for (var i = 0; i < 10; i++)
                _factory.CreateLogger(category).LogError(1, "failed");
        }

        Assert.Equal(20, _lines.CountOf("failed"));
    }

    [Fact]
    public void A_connection_is_never_critical()
    {
        _factory.CreateLogger($"{Kestrel}.Http2").LogCritical(60, "queue");
        _factory.CreateLogger(Kestrel).LogCritical(1, "process");

        Assert.Equal([$"Warning {Kestrel}.Http2: queue ", $"Critical {Kestrel}: process "], _lines.All);
    }

    [Fact]
    public void What_is_not_enabled_is_neither_logged_nor_counted()
    {
        using var factory = new LimitedLoggerFactory(LoggerFactory.Create(logging => logging.AddProvider(_lines).SetMinimumLevel(LogLevel.Error)), _clock);
        var logger = factory.CreateLogger($"{Kestrel}.Http2");
        for (var i = 0; i < 10; i++)
            logger.LogCritical(60, "queue");
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.False(logger.IsEnabled(LogLevel.Critical));
        Assert.Empty(_lines.All);
    }

    [Fact]
    public void Numbers_are_logged_at_the_end_of_the_process()
    {
        var logger = _factory.CreateLogger(Kestrel);
        for (var i = 0; i < 5; i++)
            logger.LogWarning(7, "slow");
        _factory.Dispose();

        Assert.Equal(1, _lines.CountOf("4 more lines"));
    }
}
