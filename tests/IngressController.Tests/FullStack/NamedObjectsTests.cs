using System.Collections.Concurrent;
using System.Text.Json;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Sources;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Kubernetes;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>The fetches of requested objects, with responses by the test and a manual clock.</summary>
public sealed class NamedObjectsTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly WatchScope Everything = new(Namespace: null);
    private static readonly ReflectorTimings Timings = new();

    private readonly ManualTimeProvider _time = new();
    private readonly ClusterStore _store = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly BlockingCollection<(ResourceName Name, TaskCompletionSource<V1ConfigMap?> Answer)> _fetches = [];
    private readonly ConcurrentQueue<ReflectorNotice> _notices = new();
    private readonly NamedObjects<V1ConfigMap> _named;
    private Task _run = Task.CompletedTask;

    public NamedObjectsTests() =>
        _named = new NamedObjects<V1ConfigMap>(ClusterKinds.ConfigMaps, _store, GetAsync, _notices.Enqueue, Timings, _time);

    public Task InitializeAsync()
    {
        _run = _named.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(Limit);
        _stop.Dispose();
        _fetches.Dispose();
    }

    [Fact]
    public async Task Missing_object_is_not_waited_for_and_fetched_when_it_is_created()
    {
        Assert.True(RequestAsync("a").IsCompleted);
        Exists("a", "1");
        await AnswerAsync("a", "1");
        Exists("b", "1");
        RequireNoFetch();
    }

    [Fact]
    public async Task Request_waits_only_for_newly_requested_objects()
    {
        Exists("a", "1");
        Exists("b", "1");
        var first = RequestAsync("a");
        var answer = NextFetch("a");
        var both = RequestAsync("a", "b");
        await AnswerAsync("b", "1");
        await both.WaitAsync(Limit);
        Assert.False(first.IsCompleted);
        Assert.Equal(["configmaps x/a"], _named.Pending.ToArray());

        var all = _named.RequestAsync([Name("a"), Name("b")], waitForAll: true);
        Assert.False(all.IsCompleted);
        Assert.Same(all, _named.RequestAsync([Name("a"), Name("b")], waitForAll: true));
        answer.SetResult(Item("a", "1"));
        await Task.WhenAll(first, all).WaitAsync(Limit);
        Assert.Empty(_named.Pending);
    }

    [Fact]
    public async Task A_version_newer_than_the_known_one_is_fetched_once()
    {
        Exists("a", "1");
        _ = RequestAsync("a");
        await AnswerAsync("a", "3");
        Exists("a", "3");
        RequireNoFetch();
        Exists("a", "4");
        await AnswerAsync("a", "4");
    }

    [Fact]
    public async Task A_change_during_a_fetch_is_fetched_after_it()
    {
        Exists("a", "1");
        _ = RequestAsync("a");
        var answer = NextFetch("a");
        Exists("a", "2");
        Exists("a", "3");
        RequireNoFetch();
        answer.SetResult(Item("a", "1"));
        await AnswerAsync("a", "3");
        RequireNoFetch();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Object_that_is_deleted_or_no_longer_requested_during_a_fetch_stays_removed(bool isDeleted)
    {
        Exists("a", "1");
        var request = RequestAsync("a");
        var answer = NextFetch("a");
        if (isDeleted)
            _named.Apply(Everything, new ResourceChange<PartialObjectMetadata>.Replaced([], []));
        else
            _ = RequestAsync();
        await request.WaitAsync(Limit);
        answer.SetResult(Item("a", "1"));

        // The next fetch shows that this response has been processed.
        Exists("b", "1");
        _ = RequestAsync(isDeleted ? ["a", "b"] : ["b"]);
        await AnswerAsync("b", "1");
        Assert.Equal([Name("b")], _store.Snapshot.ConfigMaps.Keys);
    }

    [Fact]
    public async Task List_of_one_object_does_not_affect_others()
    {
        Exists("a", "1");
        Exists("b", "1");
        _ = RequestAsync("a");
        await AnswerAsync("a", "1");
        _ = RequestAsync("a", "b");
        await AnswerAsync("b", "1");
        _named.Apply(new WatchScope("x", "a"), new ResourceChange<PartialObjectMetadata>.Replaced([], []));
        Assert.Equal([Name("b")], _store.Snapshot.ConfigMaps.Keys);
        _named.Apply(new WatchScope("y"), new ResourceChange<PartialObjectMetadata>.Replaced([], []));
        Assert.Equal([Name("b")], _store.Snapshot.ConfigMaps.Keys);
    }

    [Fact]
    public async Task Failed_fetch_is_retried_with_backoff_and_at_once_when_the_object_changes()
    {
        Exists("a", "1");
        var request = RequestAsync("a");
        NextFetch("a").SetException(new HttpRequestException("refused"));
        await UntilAsync(() => _named.Pending is ["configmaps x/a (the API server cannot be reached: refused)"]);
        RequireNoFetch();
        _time.Advance(Timings.MinBackoff * 2);
        NextFetch("a").SetException(new TimeoutException("slow"));
        await UntilAsync(() => _named.Pending is ["configmaps x/a (slow)"]);
        _time.Advance(Timings.MinBackoff * 2);
        Assert.False(request.IsCompleted);

        Exists("a", "2");
        await AnswerAsync("a", "2");
        await request.WaitAsync(Limit);
        _time.Advance(Timings.MaxBackoff * 4);
        RequireNoFetch();
        Assert.Equal([ReflectorStage.Get, ReflectorStage.Get], _notices.OfType<ReflectorNotice.Failed>().Select(failed => failed.Stage));
    }

    [Fact]
    public async Task Undecodable_object_is_not_waited_for_and_is_retried()
    {
        Exists("a", "1");
        var request = RequestAsync("a");
        NextFetch("a").SetException(new JsonException("no number"));
        await request.WaitAsync(Limit);
        Assert.Equal([Name("a")], _store.Unreadable.Select(diagnostic => diagnostic.Subject.Name));
        _time.Advance(Timings.MinBackoff * 2);
        await AnswerAsync("a", "1");
        Assert.Empty(_store.Unreadable);
    }

    [Fact]
    public async Task Sixteen_objects_are_fetched_concurrently()
    {
        var names = Enumerable.Range(0, 20).Select(i => $"n{i}").ToArray();
        foreach (var name in names)
            Exists(name, "1");
        var request = RequestAsync(names);
        var answers = Enumerable.Range(0, 16).Select(_ => NextFetch()).ToArray();
        RequireNoFetch();
        Assert.Matches("^configmaps x/n0 and 19 more$", Assert.Single(_named.Pending));
        foreach (var (name, answer) in answers)
            answer.SetResult(Item(name.Name, "1"));
        for (var i = 16; i < 20; i++)
        {
            var (name, answer) = NextFetch();
            answer.SetResult(Item(name.Name, "1"));
        }

        await request.WaitAsync(Limit);
        Assert.Equal(20, _store.Snapshot.ConfigMaps.Count);
    }

    private Task RequestAsync(params string[] names) => _named.RequestAsync([.. names.Select(Name)], waitForAll: false);

    private void Exists(string name, string version) => _named.Apply(Everything, new ResourceChange<PartialObjectMetadata>.Applied(
        new PartialObjectMetadata { Metadata = new V1ObjectMeta { NamespaceProperty = "x", Name = name, Uid = name, ResourceVersion = version } }));

    private async Task<V1ConfigMap?> GetAsync(ResourceName name, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<V1ConfigMap?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _fetches.Add((name, answer), cancellation);
        return await answer.Task.WaitAsync(cancellation);
    }

    private (ResourceName Name, TaskCompletionSource<V1ConfigMap?> Answer) NextFetch() =>
        _fetches.TryTake(out var fetch, Limit) ? fetch : throw new TimeoutException("nothing is fetched");

    private TaskCompletionSource<V1ConfigMap?> NextFetch(string name)
    {
        var fetch = NextFetch();
        Assert.Equal(Name(name), fetch.Name);
        return fetch.Answer;
    }

    /// <summary>Responds to the next fetch and waits until the object is in the store.</summary>
    private async Task AnswerAsync(string name, string version)
    {
        NextFetch(name).SetResult(Item(name, version));
        await UntilAsync(() => _store.Snapshot.ConfigMaps.GetValueOrDefault(Name(name))?.Metadata?.ResourceVersion == version);
    }

    /// <summary>Requires that no fetch begins within a short time.</summary>
    private void RequireNoFetch() => Assert.False(_fetches.TryTake(out var fetch, TimeSpan.FromMilliseconds(30)), $"{fetch.Name} is fetched");

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
            await Task.Delay(2, limit.Token);
    }

    private static ResourceName Name(string name) => new("x", name);

    private static V1ConfigMap Item(string name, string version) =>
        new() { Metadata = new V1ObjectMeta { NamespaceProperty = "x", Name = name, Uid = name, ResourceVersion = version } };
}
