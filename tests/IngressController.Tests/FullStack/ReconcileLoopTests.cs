using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using IngressController.Sources;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>The loop with a clock that stands still unless it is moved; no source and no listener is started.</summary>
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
        _host = ControllerHost.Create(new IngressOptions(), logging => logging.ClearProviders().AddProvider(_log), _time);
        _store = _host.Services.GetRequiredService<ClusterStore>();
        _loop = _host.Services.GetRequiredService<ReconcileLoop>();
        _live = _host.Services.GetRequiredService<LiveRevision>();
        _metrics = _host.Services.GetRequiredService<ReconcileMetrics>();
    }

    public Task InitializeAsync()
    {
        // The class waits in the store for the first list of Ingresses, so that both are one pass.
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
    public async Task A_change_after_a_quiet_time_is_live_at_once()
    {
        var next = _live.Next;
        Apply("app.example");
        await next.WaitAsync(Limit); // the clock stands still
        Assert.Equal(["app.example"], _live.Current.Translation.Table.Hosts.Keys);
    }

    [Fact]
    public async Task Under_a_stream_of_changes_there_is_one_pass_per_interval_and_the_latest_wins()
    {
        var first = _live.Next;
        Apply("0.example");
        await first.WaitAsync(Limit);
        var second = _live.Next;
        for (var i = 1; i <= 5; i++)
        {
            Apply($"{i}.example");
            // The clock stands still: a loop without an interval would use this time for a pass.
            Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(20)));
        }

        await MoveOnUntilAsync(() => second.IsCompleted);
        Assert.Equal(2, _metrics.Revision);
        Assert.Equal(["5.example"], _live.Current.Translation.Table.Hosts.Keys);
    }

    /// <summary>
    /// Translation takes any object, so the snapshot itself has to be broken: a kind is data, and this one files its object by
    /// taking all Services away.
    /// </summary>
    [Fact]
    public async Task What_a_failed_pass_could_not_apply_is_tried_again_with_the_next_change()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
        var next = _live.Next;
        var service = ClusterObjects.Service("default", "a");
        _store.Apply(ClusterKinds.Services with { Prepare = Break }, null, "", new ResourceChange<V1Service>.Applied(service));
        await MoveOnUntilAsync(() => _log.Lines.Any(line => line.StartsWith("a change could not be applied", StringComparison.Ordinal)));
        Assert.Equal(1, _metrics.Revision);
        Assert.Equal([DiagnosticCode.ServiceNotFound], LiveProblems());

        // The repair names no change: only what the failed pass left over leads to the Service.
        _store.Apply(ClusterKinds.Services with { Prepare = Repair }, null, "", new ResourceChange<V1Service>.Applied(service));
        await MoveOnUntilAsync(() => next.IsCompleted);
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
    public async Task A_failed_pass_is_tried_again_by_itself()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
        _store.Apply(
            ClusterKinds.Services with { Prepare = item => (snapshot, changes) => { changes.Services.Add(item.ResourceName); return snapshot with { Services = null! }; } },
            null, "", new ResourceChange<V1Service>.Applied(ClusterObjects.Service("default", "a")));
        // Nothing changes any more, and yet it fails a second time.
        await MoveOnUntilAsync(() => _log.Lines.Count(line => line.StartsWith("a change could not be applied", StringComparison.Ordinal)) >= 2);
    }

    [Fact]
    public async Task The_first_revision_waits_for_every_Secret_that_is_named()
    {
        var fetch = FetchSecrets("tls");
        var first = _live.Next;
        Apply("one.example", secret: "tls");
        await fetch.Asked.WaitAsync(Limit);
        // However long it takes: nothing is live in the meantime.
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
    public async Task A_Secret_named_for_the_first_time_is_live_together_with_what_names_it()
    {
        var fetch = FetchSecrets("tls");
        await FirstRevisionAsync();
        var next = _live.Next;
        Apply("one.example", secret: "tls");
        await MoveOnUntilAsync(() => fetch.Asked.IsCompleted);
        fetch.Answer.SetResult(ClusterObjects.Secret("default", "tls"));
        await next.WaitAsync(Limit); // the clock stands still
        Assert.Equal(2, _metrics.Revision);
        Assert.NotNull(_live.Current.Translation.Table.TlsBindings["one.example"].Certificate);
    }

    [Fact]
    public async Task A_pass_waits_no_longer_than_its_patience_and_only_once_for_the_same_Secret()
    {
        var fetch = FetchSecrets("tls");
        await FirstRevisionAsync();
        var second = _live.Next;
        Apply("one.example", secret: "tls");
        // Each time when the loop sleeps: a clock that moves before would take from its patience.
        await _time.TimerAsync(ReconcileLoop.Interval, Limit);
        _time.Advance(ReconcileLoop.Interval);
        await fetch.Asked.WaitAsync(Limit);
        await _time.TimerAsync(ReconcileLoop.FetchTimeout, Limit);
        _time.Advance(ReconcileLoop.FetchTimeout - TimeSpan.FromMilliseconds(1));
        Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(50)));
        await MoveOnUntilAsync(() => second.IsCompleted);
        Assert.Null(_live.Current.Translation.Table.TlsBindings["one.example"].Certificate);

        // The next pass comes after its interval: it has no patience left for a Secret that has been waited for.
        var third = _live.Next;
        _time.Advance(ReconcileLoop.Interval);
        Apply("two.example", secret: "tls");
        await third.WaitAsync(Limit);

        var fourth = _live.Next;
        fetch.Answer.SetResult(ClusterObjects.Secret("default", "tls"));
        await MoveOnUntilAsync(() => fourth.IsCompleted);
        Assert.NotNull(_live.Current.Translation.Table.TlsBindings["two.example"].Certificate);
    }

    /// <summary>A source that knows of one Secret, which comes when the test says so.</summary>
    private (Task Asked, TaskCompletionSource<V1Secret?> Answer) FetchSecrets(string name)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource<V1Secret?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var secrets = new NamedObjects<V1Secret>(ClusterKinds.Secrets, _store, (_, cancellation) =>
        {
            asked.TrySetResult();
            return answer.Task.WaitAsync(cancellation);
        }, _ => { }, new ReflectorTimings(), _time);
        secrets.Apply(new WatchScope(Namespace: null), new ResourceChange<PartialObjectMetadata>.Applied(
            new PartialObjectMetadata { Metadata = new V1ObjectMeta { NamespaceProperty = "default", Name = name, ResourceVersion = "1" } }));
        var configMaps = new NamedObjects<V1ConfigMap>(
            ClusterKinds.ConfigMaps, _store, (_, _) => Task.FromResult<V1ConfigMap?>(null), _ => { }, new ReflectorTimings(), _time);
        _store.References.UseFetchers(secrets, configMaps);
        _fetching = secrets.RunAsync(_stop.Token);
        return (asked.Task, answer);
    }

    private async Task FirstRevisionAsync()
    {
        var first = _live.Next;
        Apply("app.example");
        await first.WaitAsync(Limit);
    }

    /// <summary>One Ingress, which moves from host to host.</summary>
    private void Apply(string host, string? secret = null) => _store.Apply(
        ClusterKinds.Ingresses, null, Ingresses, new ResourceChange<V1Ingress>.Replaced([ClusterObjects.Ingress("default", "i", host, "a", secret: secret)], []));

    /// <summary>Moves the clock by intervals: the loop may begin to wait for one only after a move.</summary>
    private async Task MoveOnUntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            _time.Advance(ReconcileLoop.Interval);
            await Task.Delay(5, limit.Token);
        }
    }
}
