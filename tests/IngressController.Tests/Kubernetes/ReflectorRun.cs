using System.Collections.Immutable;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Watching;
using IngressController.Tests.Fakes;
using k8s.Models;

namespace IngressController.Tests.Kubernetes;

/// <summary>A running reflector with everything it delivered; keeps the state as a receiver does.</summary>
internal sealed class ReflectorRun : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiServerConnection _client;
    private Task _run = Task.CompletedTask;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ReflectorRun(ApiServerConnection client) => _client = client;

    /// <summary>Timings with retries within milliseconds and defaults for everything else.</summary>
    public static ReflectorTimings Fast { get; } = new()
    {
        MinBackoff = TimeSpan.FromMilliseconds(5),
        MaxBackoff = TimeSpan.FromMilliseconds(20),
        ForbiddenBackoff = TimeSpan.FromMilliseconds(20),
    };

    public ImmutableList<ResourceChange<V1Service>> Changes { get; private set; } = [];

    public ImmutableList<ReflectorNotice> Notices { get; private set; } = [];

    /// <summary>The objects by namespace/name.</summary>
    public ImmutableSortedDictionary<string, V1Service> State { get; private set; } = ImmutableSortedDictionary<string, V1Service>.Empty;

    public string Names => string.Join(" ", State.Keys);

    /// <summary>Receives each change; may throw.</summary>
    public Action<ResourceChange<V1Service>>? OnChange { get; set; }

    public static ReflectorRun Start(
        FakeApiServer server, ReflectorOptions? options = null, TimeProvider? time = null, ApiServerConfiguration? configuration = null,
        Action<ResourceChange<V1Service>>? onChange = null)
    {
        time ??= TimeProvider.System;
        options ??= new ReflectorOptions { UseWatchList = false, Timings = Fast };
        var run = new ReflectorRun(new ApiServerConnection(configuration ?? server.Configuration, time)) { OnChange = onChange };
        var reflector = new Reflector<V1Service>(run._client, ResourceTypes.Services, options, time, run.Receive, run.Note);
        run._run = Task.Run(() => reflector.RunAsync(run._stop.Token));
        return run;
    }

    public bool Has<T>()
        where T : ReflectorNotice => Notices.OfType<T>().Any();

    public async Task UntilAsync(Func<ReflectorRun, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            Task changed;
            lock (_lock)
                changed = _changed.Task;
            if (condition(this))
                return;
            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"condition not met; state: {Names}; notices:\n{string.Join("\n", Notices.Select(notice => notice.Message))}");
            }
        }
    }

    public Task UntilNamesAsync(string names) => UntilAsync(run => run.Names == names);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(20));
        _client.Dispose();
        _stop.Dispose();
    }

    private void Receive(ResourceChange<V1Service> change)
    {
        OnChange?.Invoke(change);
        lock (_lock)
        {
            Changes = Changes.Add(change);
            State = change switch
            {
                ResourceChange<V1Service>.Replaced replaced => replaced.Items.ToImmutableSortedDictionary(Key, item => item)
                    .AddRange(State.Where(held => replaced.Undecodable.Any(item => item.ToString() == held.Key))),
                ResourceChange<V1Service>.Applied applied => State.SetItem(Key(applied.Object), applied.Object),
                ResourceChange<V1Service>.Deleted deleted => State.Remove(Key(deleted.Object)),
                _ => throw new InvalidOperationException(),
            };
        }

        Signal();
    }

    private void Note(ReflectorNotice notice)
    {
        lock (_lock)
            Notices = Notices.Add(notice);
        Signal();
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    private static string Key(V1Service item) => $"{item.Metadata!.NamespaceProperty}/{item.Metadata.Name}";
}

internal static class ServiceManifests
{
    extension(FakeApiServer server)
    {
        public void UpsertService(string name, string? externalName = null, string @namespace = "a", string? uid = null) => server.Upsert(
            $$"""
            apiVersion: v1
            kind: Service
            metadata: { name: {{name}}, namespace: {{@namespace}}{{(uid is null ? "" : $", uid: {uid}")}} }
            spec: { externalName: "{{externalName ?? "x.example"}}" }
            """);

        public int Lists => server.Requests.Count(request => request.IsList);

        public int Watches => server.Requests.Count(request => request.IsWatch);
    }
}
