using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Sources;
using IngressController.Tests.Kubernetes;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.FullStack;

/// <summary>The reconcile loop with a manual clock, without a source and listeners.</summary>
public sealed class ReconcileLoopTests : IAsyncLifetime
{
    private const string Ingresses = "ingresses";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly LogRecorder _log = new();
    private readonly ControllerHost _host;
    private readonly ClusterStore _store;
    private readonly ReconcileLoop _loop;
    private readonly LiveRevision _live;
    private readonly ReconcileMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private Task _fetching = Task.CompletedTask;

    public ReconcileLoopTests()
    {
        _host = ControllerHost.Create(new IngressOptions { Listener = new ListenerOptions { EventLoops = false } }, logging => logging.ClearProviders().AddProvider(_log), _time);
        _store = _host.Services.GetRequiredService<ClusterStore>();
        _loop = _host.Services.GetRequiredService<ReconcileLoop>();
        _live = _host.Services.GetRequiredService<LiveRevision>();
        _metrics = _host.Services.GetRequiredService<ReconcileMetrics>();
    }

    public Task InitializeAsync()
    {
        // The first pass waits for the list of Ingresses and has both the class and the Ingresses.
        _store.Expect(Ingresses);
        _store.Apply(ClusterKinds.IngressClasses, null, "", new ResourceChange<V1IngressClass>.Applied(ClusterObjects.Class("yarp")));
        return _loop.StartAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None);
        await _stop.CancelAsync();
        await _fetching.WaitAsync(Limit);
        _stop.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Change_after_an_idle_time_is_live_at_once()
    {
        var next = _live.Next;
        Apply("app.example");
        await next.WaitAsync(Limit); // the clock does not advance
        Assert.Equal(["app.example"], _live.Current.Translation.Table.Hosts.Keys);
    }

    [Fact]
    public async Task Stream_of_changes_causes_one_pass_per_interval_and_the_latest_state_applies()
    {
        var first = _live.Next;
        Apply("0.example");
        await first.WaitAsync(Limit);
        var second = _live.Next;
        for (var i = 1; i <= 5; i++)
        {
            Apply($"{i}.example");
            // The clock does not advance. A loop without an interval would run a pass in this time.
            Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(20)));
        }

        await AdvanceUntilAsync(() => second.IsCompleted);
        Assert.Equal(2, _metrics.Revision);
        Assert.Equal(["5.example"], _live.Current.Translation.Table.Hosts.Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_Ingress_waits_a_moment_for_the_Service_that_it_names(bool arrives)
    {
        await FirstRevisionAsync();
        _time.Advance(ReconcileLoop.MaxPause);
        var next = _live.Next;
        _store.Apply(ClusterKinds.Ingresses, null, Ingresses, new ResourceChange<V1Ingress>.Applied(ClusterObjects.Ingress("default", "new", "new.example", "late")));
        await _time.TimerAsync(ReconcileLoop.ArrivalTimeout, Limit);
        _store.Apply(ClusterKinds.Services, null, "", new ResourceChange<V1Service>.Applied(ClusterObjects.Service("default", "late")));
        Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(50)));
        if (arrives)
            _store.Apply(ClusterKinds.EndpointSlices, null, "", new ResourceChange<V1EndpointSlice>.Applied(ClusterObjects.Slice("default", "late-1", "late")));
        else
            _time.Advance(ReconcileLoop.ArrivalTimeout);
        await next.WaitAsync(Limit);
        var problems = _live.Current.Translation.Table.Backends.Values.Single(backend => backend.Id.Service.Name == "late").Problems.Select(problem => problem.Code);
        Assert.Equal(arrives ? [] : [DiagnosticCode.ServiceWithoutEndpoints], problems);
    }

    /// <summary>
    /// Translation accepts any object, so the pass fails because of an invalid snapshot: this kind stores its object by replacing all
    /// Services with null.
    /// </summary>
    [Fact]
    public async Task Changes_of_a_failed_pass_are_retried_with_the_next_change()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
        var next = _live.Next;
        var service = ClusterObjects.Service("default", "a");
        _store.Apply(ClusterKinds.Services with { Prepare = Break }, null, "", new ResourceChange<V1Service>.Applied(service));
        await AdvanceUntilAsync(() => _log.Lines.Any(line => line.StartsWith("a change could not be applied", StringComparison.Ordinal)));
        Assert.Equal(1, _metrics.Revision);
        Assert.Equal([DiagnosticCode.ServiceNotFound], LiveProblems());

        // The repair records no change, so only the changes of the failed pass update the Service.
        _store.Apply(ClusterKinds.Services with { Prepare = Repair }, null, "", new ResourceChange<V1Service>.Applied(service));
        await AdvanceUntilAsync(() => next.IsCompleted);
        Assert.Equal([DiagnosticCode.ServiceWithoutEndpoints], LiveProblems());

        IEnumerable<DiagnosticCode> LiveProblems() => _live.Current.Translation.Table.Backends.Values.Single().Problems.Select(problem => problem.Code);

        static SnapshotUpdate Break(V1Service item) => (snapshot, changes) =>
        {
            changes.Services.Add(item.ResourceName);
            return snapshot with { Services = null! };
        };

        static SnapshotUpdate Repair(V1Service item) => (snapshot, changes) =>
            snapshot with { Services = ClusterSnapshot.Empty.Services.Add(item.ResourceName, item) };
    }

    [Fact]
    public async Task Failed_pass_is_retried_without_a_change()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
        _store.Apply(
            ClusterKinds.Services with { Prepare = item => (snapshot, changes) => { changes.Services.Add(item.ResourceName); return snapshot with { Services = null! }; } },
            null, "", new ResourceChange<V1Service>.Applied(ClusterObjects.Service("default", "a")));
        // It fails a second time without another change.
        await AdvanceUntilAsync(() => _log.Lines.Count(line => line.StartsWith("a change could not be applied", StringComparison.Ordinal)) >= 2);
    }

    [Fact]
    public async Task First_revision_waits_for_every_referenced_Secret()
    {
        var fetch = FetchSecrets("tls");
        var first = _live.Next;
        Apply("one.example", secret: "tls");
        await fetch.Requested.WaitAsync(Limit);
        // Nothing is live in the meantime.
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(ReconcileLoop.FirstFetchInterval);
            Assert.NotSame(first, await Task.WhenAny(first, Task.Delay(20)));
        }

        fetch.Answer.SetResult(ClusterObjects.Secret("default", "tls"));
        await first.WaitAsync(Limit);
        Assert.NotNull(_live.Current.Translation.Table.TlsBindings["one.example"].Certificate);
        Assert.Equal(1, _metrics.Revision);
    }

    [Fact]
    public async Task Newly_referenced_Secret_is_live_in_the_same_revision_as_its_Ingress()
    {
        var fetch = FetchSecrets("tls");
        await FirstRevisionAsync();
        var next = _live.Next;
        Apply("one.example", secret: "tls");
        await AdvanceUntilAsync(() => fetch.Requested.IsCompleted);
        fetch.Answer.SetResult(ClusterObjects.Secret("default", "tls"));
        await next.WaitAsync(Limit); // the clock does not advance
        Assert.Equal(2, _metrics.Revision);
        Assert.NotNull(_live.Current.Translation.Table.TlsBindings["one.example"].Certificate);
    }

    [Fact]
    public async Task Pass_waits_for_a_Secret_only_once_and_no_longer_than_the_timeout()
    {
        var fetch = FetchSecrets("tls");
        await FirstRevisionAsync();
        var second = _live.Next;
        Apply("one.example", secret: "tls");
        // The clock advances only while the loop waits; otherwise the timeout would be shorter.
        await _time.TimerAsync(ReconcileLoop.MaxPause, Limit);
        _time.Advance(ReconcileLoop.MaxPause);
        await fetch.Requested.WaitAsync(Limit);
        await _time.TimerAsync(ReconcileLoop.FetchTimeout, Limit);
        _time.Advance(ReconcileLoop.FetchTimeout - TimeSpan.FromMilliseconds(1));
        Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(50)));
        await AdvanceUntilAsync(() => second.IsCompleted);
        Assert.Null(_live.Current.Translation.Table.TlsBindings["one.example"].Certificate);

        // The next pass does not wait again for the same Secret.
        var third = _live.Next;
        _time.Advance(ReconcileLoop.MaxPause);
        Apply("two.example", secret: "tls");
        await third.WaitAsync(Limit);

        var fourth = _live.Next;
        fetch.Answer.SetResult(ClusterObjects.Secret("default", "tls"));
        await AdvanceUntilAsync(() => fourth.IsCompleted);
        Assert.NotNull(_live.Current.Translation.Table.TlsBindings["two.example"].Certificate);
    }

    /// <summary>Registers a fetcher with one Secret, which the test provides later.</summary>
    private (Task Requested, TaskCompletionSource<V1Secret?> Answer) FetchSecrets(string name)
    {
        var requested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource<V1Secret?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var secrets = new NamedObjects<V1Secret>(ClusterKinds.Secrets, _store, (_, cancellation) =>
        {
            requested.TrySetResult();
            return answer.Task.WaitAsync(cancellation);
        }, _ => { }, new ReflectorTimings(), _time);
        secrets.Apply(new WatchScope(Namespace: null), new ResourceChange<PartialObjectMetadata>.Applied(
            new PartialObjectMetadata { Metadata = new V1ObjectMeta { NamespaceProperty = "default", Name = name, ResourceVersion = "1" } }));
        var configMaps = new NamedObjects<V1ConfigMap>(
            ClusterKinds.ConfigMaps, _store, (_, _) => Task.FromResult<V1ConfigMap?>(null), _ => { }, new ReflectorTimings(), _time);
        _store.References.UseFetchers(secrets, configMaps);
        _fetching = secrets.RunAsync(_stop.Token);
        return (requested.Task, answer);
    }

    private async Task FirstRevisionAsync()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
    }

    /// <summary>Replaces all Ingresses by one with a host.</summary>
    private void Apply(string host, string? secret = null) => _store.Apply(
        ClusterKinds.Ingresses, null, Ingresses, new ResourceChange<V1Ingress>.Replaced([ClusterObjects.Ingress("default", "i", host, "a", secret: secret)], []));

    /// <summary>Advances the clock by intervals until the condition is true. The loop may begin to wait only after an advance.</summary>
    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            _time.Advance(ReconcileLoop.MaxPause);
            await Task.Delay(5, limit.Token);
        }
    }
}
