using System.Diagnostics;
using IngressController.Events;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using IngressController.Leadership;
using IngressController.Metrics;
using IngressController.Routing.Diagnostics;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Fakes;
using IngressController.Tests.FullStack;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Events;

/// <summary>Writes of Events to an API server that fails, with a manual clock.</summary>
public sealed class EventWriterTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly ManualTimeProvider _time = new();
    private readonly EventMetrics _metrics = new();
    private readonly LogRecorder _log = new();
    private readonly CancellationTokenSource _lost = new();
    private FakeApiServer _server = null!;
    private FakeEvents _events = null!;
    private ApiServerConnection _client = null!;
    private EventQueue _queue = null!;
    private Task _running = Task.CompletedTask;
    private LeaderTerm _term = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.CreateAsync();
        _events = FakeEvents.On(_server);
        _client = new ApiServerConnection(_server.Configuration, _time);
        _queue = new EventQueue(_metrics, _time);
        var logging = LoggerFactory.Create(builder => builder.AddProvider(_log));
        var leader = new LeaderState("pod", new SourceLog(logging.CreateLogger<SourceLog>(), _time), new LeaderMetrics(), _time);
        leader.BeginTerm(_term = new LeaderTerm(_time.GetTimestamp(), TimeSpan.FromDays(30), _time));
        var writer = new EventWriter(
            new LeaderClient(_client, leader), new EventReporterIdentity("yarp.ingress.kubernetes.io/controller", "pod"), _metrics, _time,
            logging.CreateLogger<EventWriter>());
        _running = Task.Run(() => writer.RunAsync(_queue, _lost.Token));
    }

    public async Task DisposeAsync()
    {
        await _lost.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running.WaitAsync(Limit));
        _client.Dispose();
        _lost.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_new_Event_is_one_request()
    {
        Assert.Equal(1, (await WriteAsync(EventVerb.Create)).Count);
        Assert.Equal(["POST"], Methods);
        Assert.Equal("HostInvalid", _events.Single["reason"]!.ToString());
    }

    [Fact]
    public async Task Existing_Event_continues_as_a_series()
    {
        await WriteAsync(EventVerb.Create);
        Assert.Equal(2, (await WriteAsync(EventVerb.Create)).Count);
        Assert.Equal(3, (await WriteAsync(EventVerb.Create)).Count);
        Assert.Equal("3", _events.Single["series"]!["count"]!.ToString());
        Assert.Equal("2030-01-01T00:00:00.000000Z", _events.Single["series"]!["lastObservedTime"]!.ToString());
    }

    [Fact]
    public async Task New_leader_does_not_change_an_existing_Event()
    {
        await WriteAsync(EventVerb.Create);
        await WriteAsync(EventVerb.Repeat, count: 41);
        var before = _events.Single.ToJsonString();
        Assert.Equal(41, (await WriteAsync(EventVerb.Adopt)).Count);
        Assert.Equal(before, _events.Single.ToJsonString());
        Assert.Equal(["POST", "PATCH", "PATCH"], Methods);
    }

    [Fact]
    public async Task Missing_Event_is_created_again()
    {
        Assert.Equal(1, (await WriteAsync(EventVerb.Adopt)).Count);
        _events.Expire();
        Assert.Equal(1, (await WriteAsync(EventVerb.Repeat, count: 8)).Count);
        Assert.Null(_events.Single["series"]);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(401, "Unauthorized")]
    public async Task Failed_write_is_retried_after_ten_seconds(int code, string reason)
    {
        _server.Fail(FakeEvents.IsWrite, code, reason, times: 1);
        var start = _time.GetUtcNow();
        var outcome = WriteAsync(EventVerb.Create);
        await PassTimeAsync(() => outcome.IsCompleted);
        Assert.Equal(1, (await outcome).Count);
        Assert.True(_time.GetUtcNow() - start >= EventWriter.RetryDelay);
        Assert.Equal(1, Metric("yarp_ingress_event_write_failures_total"));
        Assert.Equal(0, Metric("yarp_ingress_events_dropped_total"));
    }

    [Fact]
    public async Task Write_is_retried_after_a_broken_connection()
    {
        _server.Intercept(FakeEvents.IsWrite, context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var outcome = WriteAsync(EventVerb.Create);
        await PassTimeAsync(() => outcome.IsCompleted);
        Assert.Equal(1, (await outcome).Count);
    }

    [Fact]
    public async Task Event_is_given_up_after_twelve_attempts_and_the_next_one_is_written()
    {
        _server.Fail(FakeEvents.IsWrite, 500, "InternalError", times: EventWriter.MaxAttempts);
        var outcome = WriteAsync(EventVerb.Create);
        await PassTimeAsync(() => outcome.IsCompleted);
        await outcome;
        Assert.Equal(EventWriter.MaxAttempts, _server.Requests.Count);
        Assert.Empty(_events.All);
        Assert.Equal(1, Metric("yarp_ingress_events_dropped_total"));
        Assert.Single(_log.Lines, line => line.StartsWith("Events cannot be written: POST ", StringComparison.Ordinal));
        await WriteAsync(EventVerb.Create, "b");
        Assert.Equal("b: is wrong (RouteLeftOut)", _events.Single["note"]!.ToString());
    }

    [Fact]
    public async Task Failing_Event_does_not_delay_the_others()
    {
        _server.Fail(request => FakeEvents.IsWrite(request) && request.Path.Contains("/bad/", StringComparison.Ordinal), 500, "InternalError", times: 3);
        _queue.Add([Write(EventVerb.Create, "a", "bad", 1)]);
        await _server.UntilAsync(server => server.Requests.Count == 1);
        await WriteAsync(EventVerb.Create, ns: "good"); // the clock does not advance
        Assert.Equal(["good/web"], _events.All.Keys.Select(name => name.Split('.')[0]));
    }

    [Theory]
    [InlineData(403, "Forbidden", "unable to create new content in namespace shop because it is being terminated", 0)]
    [InlineData(404, "NotFound", "namespaces \"shop\" not found", 0)]
    [InlineData(403, "Forbidden", "User \"x\" cannot create resource \"events\"", 1)]
    [InlineData(422, "Invalid", "note is too long", 1)]
    public async Task Permanent_failure_is_not_retried_and_logged_at_most_once(int code, string reason, string message, int lines)
    {
        _server.Fail(FakeEvents.IsWrite, code, reason, times: 3, message: message);
        foreach (var field in new[] { "a", "b", "c" })
            await WriteAsync(EventVerb.Create, field);
        Assert.Equal(3, Metric("yarp_ingress_events_dropped_total"));
        Assert.Equal(lines, _log.Lines.Length);
        if (reason == "Forbidden" && lines > 0)
        {
            Assert.StartsWith("Events cannot be written in namespace shop: POST ", _log.Lines[0], StringComparison.Ordinal);
            Assert.Contains("; grant the verbs create and patch on events.events.k8s.io there", _log.Lines[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nothing_is_written_after_the_end_of_the_lease()
    {
        _term.End("over");
        _queue.Add([Write(EventVerb.Create, "a", "shop", 1)]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running.WaitAsync(Limit));
        Assert.Empty(_events.All);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Many_Events_are_written_at_the_allowed_rate()
    {
        _queue.Add([.. Enumerable.Range(0, EventWriter.Burst + 25).Select(number => Write(EventVerb.Create, $"f{number}", "shop", 1))]);
        await _server.UntilAsync(server => server.Requests.Count == EventWriter.Burst);
        await _time.TimerAsync(TimeSpan.FromSeconds(1.0 / EventWriter.PerSecond), Limit);
        Assert.Equal(EventWriter.Burst, _server.Requests.Count);
        for (var more = 1; more <= 25; more++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1.0 / EventWriter.PerSecond));
            await _server.UntilAsync(server => server.Requests.Count >= EventWriter.Burst + more);
            Assert.Equal(EventWriter.Burst + more, _server.Requests.Count);
        }
    }

    private string[] Methods => [.. _server.Requests.Select(request => request.Method)];

    private async Task<EventOutcome> WriteAsync(EventVerb verb, string field = "a", string ns = "shop", int count = 1)
    {
        var write = Write(verb, field, ns, count);
        _queue.Add([write]);
        while (true)
        {
            var next = _queue.NextOutcome;
            if (_queue.TakeOutcomes().SingleOrDefault(outcome => outcome.Key == write.Key) is { } found)
                return found;
            await next.WaitAsync(Limit);
        }
    }

    private static EventWrite Write(EventVerb verb, string field, string ns, int count)
    {
        var subject = new DiagnosticSubject("Ingress", new(ns, "web"));
        var problem = EventScript.Problem(field, DiagnosticSeverity.Error) with { Subject = subject };
        return new EventWrite(
            new EventKey(subject, "uid", EventTopic.Problem, problem), new EventObject(subject, "uid", "1", 0, true), verb,
            new EventEntry(EventTopic.Problem, problem, EventVerb.Create, EventScript.Start) { Count = count });
    }

    /// <summary>Waits until the writer waits for the clock, and advances it.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        await _time.TimerAsync(by, Limit);
        _time.Advance(by);
    }

    /// <summary>Advances the clock by a second every few milliseconds, until the condition is true.</summary>
    private async Task PassTimeAsync(Func<bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Limit);
            await Task.Delay(5);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private double Metric(string name)
    {
        var text = new PrometheusText();
        _metrics.Write(text);
        var line = text.ToString().Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
