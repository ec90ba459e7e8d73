using System.Globalization;
using IngressController.Configuration;
using IngressController.Events;
using IngressController.Hosting;
using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using IngressController.Sources;
using IngressController.Tests.Fakes;
using IngressController.Tests.FullStack;
using IngressController.Tests.Kubernetes;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Events;

/// <summary>The way from a change of the cluster to a write to the API server, with a manual clock.</summary>
public sealed class EventReporterTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly ManualTimeProvider _time = new();
    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();
    private FakeApiServer _server = null!;
    private FakeEvents _events = null!;
    private ControllerHost _host = null!;
    private ClusterStore _store = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.CreateAsync();
        _events = FakeEvents.On(_server);
        _server.WriteKubeconfig(_folder.At("kubeconfig"));
        _host = ControllerHost.Create(
            new IngressOptions { Source = new SourceOptions { Kubeconfig = _folder.At("kubeconfig") }, Pod = new PodOptions { Name = "yarp-0" }, Listener = new ListenerOptions { EventLoops = false } },
            logging => logging.ClearProviders().AddProvider(_log), _time);
        _store = _host.Services.GetRequiredService<ClusterStore>();
        _store.Apply(ClusterKinds.IngressClasses, null, "", new ResourceChange<V1IngressClass>.Applied(ClusterObjects.Class("yarp")));
        await _host.Services.GetRequiredService<ReconcileLoop>().StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _host.Services.GetRequiredService<ReconcileLoop>().StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Problem_is_reported_a_second_later()
    {
        await using var leader = Lead();
        Apply(ClusterObjects.Ingress("shop", "web", "shop.example", "missing"));
        await UntilAsync(() => _events.All.Count == 1);
        var item = _events.Single;
        Assert.Equal(("ServiceNotFound", "Warning", "yarp-0"), (item["reason"]!.ToString(), item["type"]!.ToString(), item["reportingInstance"]!.ToString()));
        Assert.Equal(("Ingress", "web", "shop/web"), (Regarding(item, "kind"), Regarding(item, "name"), Regarding(item, "uid")));
        Assert.StartsWith("spec.rules[0].http.paths[0].backend.service.name: ", item["note"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Problem_that_is_fixed_within_a_second_is_not_reported()
    {
        await using var leader = Lead();
        Apply(ClusterObjects.Ingress("shop", "first", "first.example", "missing"));
        await UntilAsync(() => _events.All.Count == 1);

        // From now on the reporter waits for a second, the reconcile loop for a tenth of a second.
        Apply(ClusterObjects.Ingress("shop", "web", "shop.example", "late"));
        await LiveAsync(live => live.Table.Hosts.ContainsKey("shop.example"));
        _store.Apply(ClusterKinds.Services, null, "", new ResourceChange<V1Service>.Applied(ClusterObjects.Service("shop", "late")));
        _store.Apply(ClusterKinds.EndpointSlices, null, "", new ResourceChange<V1EndpointSlice>.Applied(ClusterObjects.Slice("shop", "late", "late")));
        Apply(ClusterObjects.Ingress("shop", "other", "other.example", "missing"));
        await LiveAsync(live => live.Table.Hosts.ContainsKey("other.example"));
        await UntilAsync(() => _events.All.Count == 2);
        Assert.Equal(["shop/first", "shop/other"], _events.All.Keys.Select(name => name.Split('.')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Event_is_refreshed_while_the_problem_lasts()
    {
        await using var leader = Lead();
        Apply(ClusterObjects.Ingress("shop", "web", "shop.example", "missing"));
        await UntilAsync(() => _events.All.Count == 1);
        var created = Time(_events.Single["eventTime"]);
        // On a busy machine the client gives up on the first write before its answer arrives, and repeats it at once.
        TimeSpan Refreshed() => _events.Single["series"] is { } series ? Time(series["lastObservedTime"]) - created : TimeSpan.Zero;
        await UntilAsync(() => Refreshed() > TimeSpan.Zero, async () =>
        {
            // The clock must not run on while the reporter plans: it sleeps for at most a minute.
            await _time.TimerAsync(TimeSpan.FromMinutes(1), Limit);
            _time.Advance(TimeSpan.FromMinutes(1));
        });
        // The time of the plan: the write itself takes real time, in which the clock of the test runs on.
        Assert.InRange(Refreshed(), EventTimes.RefreshInterval, EventTimes.RefreshInterval + TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Events_beyond_the_capacity_of_the_queue_are_written_later_and_logged_once()
    {
        const int Many = EventQueue.Capacity + EventWriter.Burst;
        await using var leader = Lead();
        var ingresses = Enumerable.Range(0, Many).Select(number => ClusterObjects.Ingress("shop", $"web-{number}", $"{number}.example", "missing"));
        _store.Apply(ClusterKinds.Ingresses, null, "", new ResourceChange<V1Ingress>.Replaced([.. ingresses], []));
        await UntilAsync(() => _events.All.Count == Many);
        var line = Assert.Single(_log.Lines, line => line.Contains("Events wait", StringComparison.Ordinal));
        Assert.StartsWith($"{EventWriter.Burst} Events wait for room in the queue: it has {EventQueue.Capacity}, and", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Object_that_does_not_decode_has_an_Event()
    {
        await using var leader = Lead();
        _store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(new("EndpointSlice", new("shop", "s")), "(object)", "no", keepsLast: false));
        await UntilAsync(() => _events.All.Count == 1);
        Assert.Equal(("ObjectUnreadable", "EndpointSlice"), (_events.Single["reason"]!.ToString(), Regarding(_events.Single, "kind")));
    }

    [Fact]
    public async Task Next_leader_writes_no_Event_twice()
    {
        await using (Lead())
        {
            Apply(ClusterObjects.Ingress("shop", "web", "shop.example", "missing"));
            await UntilAsync(() => _events.All.Count == 1);
        }

        var before = _events.Single.ToJsonString();
        var requests = _server.Requests.Count;
        await using var next = Lead();
        await UntilAsync(() => _server.Requests.Count == requests + 1 && _server.Requests[requests].StatusCode == 200);
        Assert.Equal(before, _events.Single.ToJsonString());
        Apply(ClusterObjects.Ingress("shop", "new", "new.example", "missing"));
        await UntilAsync(() => _events.All.Count == 2);
        Assert.Equal(["PATCH", "POST"], _server.Requests.Skip(requests).Select(request => request.Method));
    }

    [Fact]
    public async Task Former_leader_writes_nothing()
    {
        var leader = Lead();
        Apply(ClusterObjects.Ingress("shop", "first", "first.example", "missing"));
        await UntilAsync(() => _events.All.Count == 1);
        var requests = _server.Requests.Count;
        Apply(ClusterObjects.Ingress("shop", "web", "shop.example", "missing"));
        await LiveAsync(live => live.Table.Hosts.ContainsKey("shop.example"));
        await leader.DisposeAsync(); // before the settle time is over
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(requests, _server.Requests.Count);
    }

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(false, null, false)]
    [InlineData(true, "/tmp", false)]
    public async Task Reporter_is_registered_if_enabled_and_there_is_an_API_server(bool emitEvents, string? manifests, bool isRegistered)
    {
        var options = new IngressOptions { Source = new SourceOptions { Manifests = manifests }, Status = new StatusOptions { EmitEvents = emitEvents } };
        await using var host = ControllerHost.Create(options with { Source = options.Source with { Kubeconfig = _folder.At("kubeconfig") } });
        Assert.Equal(isRegistered, host.Services.GetServices<ILeaderTask>().OfType<EventReporter>().Any());
    }

    private static string Regarding(System.Text.Json.Nodes.JsonObject item, string field) => item["regarding"]![field]!.ToString();

    private void Apply(V1Ingress ingress) => _store.Apply(ClusterKinds.Ingresses, null, "", new ResourceChange<V1Ingress>.Applied(ingress));

    /// <summary>Waits for a revision; the clock advances only by the interval of the reconcile loop.</summary>
    private async Task LiveAsync(Func<Translation, bool> isExpected)
    {
        var live = _host.Services.GetRequiredService<LiveRevision>();
        for (var next = live.Next; !isExpected(live.Current.Translation); next = live.Next)
        {
            // The pause after a pass, and the time for Services to arrive.
            while (!next.IsCompleted)
            {
                await Task.WhenAny(next, _time.TimerAsync(ReconcileLoop.MaxPause, Limit)).WaitAsync(Limit);
                if (!next.IsCompleted)
                    _time.Advance(ReconcileLoop.MaxPause);
            }
        }
    }

    /// <summary>Begins a term, which ends when it is disposed.</summary>
    private Term Lead()
    {
        var reporter = _host.Services.GetServices<ILeaderTask>().OfType<EventReporter>().Single();
        return new Term(reporter, _host.Services.GetRequiredService<LeaderState>(), new LeaderTerm(_time.GetTimestamp(), TimeSpan.FromDays(30), _time));
    }

    private static DateTimeOffset Time(System.Text.Json.Nodes.JsonNode? time) => DateTimeOffset.Parse(time!.ToString(), CultureInfo.InvariantCulture);

    /// <summary>Advances the clock in steps, with a short real delay each, until the condition is true.</summary>
    private async Task UntilAsync(Func<bool> condition, Func<Task>? advance = null)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < Limit, "the condition is not true in time");
            await Task.Delay(5);
            if (advance is null)
                _time.Advance(TimeSpan.FromMilliseconds(100));
            else
                await advance();
        }
    }

    private sealed class Term : IAsyncDisposable
    {
        private readonly LeaderState _leader;
        private readonly LeaderTerm _term;
        private readonly Task _run;

        public Term(EventReporter reporter, LeaderState leader, LeaderTerm term)
        {
            (_leader, _term) = (leader, term);
            leader.BeginTerm(term);
            _run = Task.Run(() => reporter.RunAsync(term.Lost));
        }

        public async ValueTask DisposeAsync()
        {
            _term.End("over");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run.WaitAsync(Limit));
            _leader.EndTerm();
        }
    }
}
