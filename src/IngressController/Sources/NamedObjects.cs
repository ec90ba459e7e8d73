using System.Collections.Immutable;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>Gets one object by its name; null when it does not exist.</summary>
internal delegate Task<T?> GetObject<T>(ResourceName name, CancellationToken cancellation)
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>
/// Fetches only the requested objects of a kind. A watch of the metadata tells which objects exist and in which version. A requested
/// object is fetched by name, again for each version, and is in the store until it is deleted or no longer requested.
/// </summary>
internal sealed partial class NamedObjects<T>(
    ClusterKind<T> kind, ClusterStore store, GetObject<T> get, Action<ReflectorNotice> onNotice, ReflectorTimings timings, TimeProvider time)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();

    /// <summary>The version of each object in the watched namespaces.</summary>
    private readonly Dictionary<ResourceName, string> _versions = [];

    private readonly Dictionary<ResourceName, RequestedObject> _requested = [];
    private ImmutableHashSet<ResourceName> _names = [];

    /// <summary>Number of requested objects that still wait for their first fetch.</summary>
    private int _pendingCount;

    /// <summary>Completes when no requested object waits for its first fetch; null when none does. All callers share it.</summary>
    private TaskCompletionSource? _allFetched;

    /// <summary>A requested object, which may not exist.</summary>
    private sealed class RequestedObject(ResourceName name)
    {
        public ResourceName Name => name;

        /// <summary>The version in the metadata when the object was last fetched.</summary>
        public string? KnownVersion { get; set; }

        /// <summary>The version that was last fetched, which may be newer than the known one.</summary>
        public string? FetchedVersion { get; set; }

        /// <summary>True while the object waits to be fetched or is being fetched.</summary>
        public bool IsQueued { get; set; }

        /// <summary>Completes after the first fetch, or when the object cannot be fetched; null after that.</summary>
        public TaskCompletionSource? FirstFetch { get; set; }

        public Backoff? Backoff { get; set; }

        public ITimer? Retry { get; set; }

        /// <summary>The reason of the last failure; null after a success.</summary>
        public string? Failure { get; set; }
    }

    /// <summary>
    /// The objects that were never fetched, as text for people. Those with the same failure are one entry that ends with it.
    /// </summary>
    public ImmutableArray<string> Pending
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _requested.Values.Where(item => item.FirstFetch is not null).GroupBy(item => item.Failure, StringComparer.Ordinal)
                        .Select(group => Describe([.. group.Select(item => item.Name).Order()], group.Key)),
                ];
            }
        }
    }

    /// <summary>Requests objects and removes all others from the store.</summary>
    /// <param name="names">The names of all requested objects.</param>
    /// <param name="waitForAll">True to wait for all objects that were never fetched, false to wait only for newly requested ones.</param>
    /// <returns>A task that completes when these objects are fetched, or known to be missing or unreadable.</returns>
    public Task RequestAsync(ImmutableHashSet<ResourceName> names, bool waitForAll)
    {
        lock (_lock)
        {
            var added = ReferenceEquals(names, _names) ? [] : ReplaceRequested(names);
            return waitForAll
                ? _allFetched?.Task ?? Task.CompletedTask
                : Task.WhenAll(added.Select(item => item.FirstFetch?.Task).OfType<Task>());
        }
    }

    /// <summary>Applies a change that the watch of the metadata delivered.</summary>
    public void Apply(WatchScope scope, ResourceChange<PartialObjectMetadata> change)
    {
        lock (_lock)
        {
            switch (change)
            {
                case ResourceChange<PartialObjectMetadata>.Applied applied:
                    SetVersion(applied.Object);
                    break;
                case ResourceChange<PartialObjectMetadata>.Deleted deleted:
                    RemoveVersion(deleted.Object.ResourceName);
                    break;
                case ResourceChange<PartialObjectMetadata>.Replaced replaced:
                    var listed = replaced.Items.Select(item => item.ResourceName).ToHashSet();
                    listed.UnionWith(replaced.Undecodable.Select(item => new ResourceName(item.Namespace ?? "default", item.Name ?? "")));
                    foreach (var deleted in _versions.Keys.Where(name => scope.Covers(name) && !listed.Contains(name)).ToArray())
                        RemoveVersion(deleted);
                    foreach (var item in replaced.Items)
                        SetVersion(item);
                    break;
                default:
                    throw new InvalidOperationException($"unknown change {change.GetType().Name}");
            }
        }
    }

    /// <returns>The newly requested objects that have to be fetched.</returns>
    private List<RequestedObject> ReplaceRequested(ImmutableHashSet<ResourceName> names)
    {
        _names = names;
        var added = new List<RequestedObject>();
        foreach (var name in names)
        {
            if (_requested.ContainsKey(name))
                continue;
            var item = new RequestedObject(name);
            _requested.Add(name, item);
            FetchIfStale(item);
            // A missing object is not waited for. If it is created later, it is fetched like any change.
            if (!item.IsQueued)
                continue;
            item.FirstFetch = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _pendingCount++;
            _allFetched ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            added.Add(item);
        }

        if (_requested.Count > names.Count)
        {
            foreach (var item in _requested.Values.Where(item => !names.Contains(item.Name)).ToArray())
            {
                _requested.Remove(item.Name);
                RemoveFromStore(item);
            }
        }

        return added;
    }

    private void SetVersion(PartialObjectMetadata metadata)
    {
        var name = metadata.ResourceName;
        _versions[name] = metadata.Metadata?.ResourceVersion ?? "";
        if (_requested.TryGetValue(name, out var item))
            FetchIfStale(item);
    }

    private void RemoveVersion(ResourceName name)
    {
        _versions.Remove(name);
        if (!_requested.TryGetValue(name, out var item))
            return;
        item.KnownVersion = item.FetchedVersion = null;
        RemoveFromStore(item);
    }

    private void RemoveFromStore(RequestedObject item)
    {
        item.Retry?.Dispose();
        item.Retry = null;
        store.Remove(kind, item.Name);
        CompleteFirstFetch(item);
    }

    private void CompleteFirstFetch(RequestedObject item)
    {
        if (item.FirstFetch is not { } firstFetch)
            return;
        item.FirstFetch = null;
        firstFetch.SetResult();
        if (--_pendingCount > 0)
            return;
        _allFetched?.SetResult();
        _allFetched = null;
    }

    private string Describe(ResourceName[] names, string? failure)
    {
        var text = $"{kind.Resource} {names[0]}{(names.Length > 1 ? $" and {names.Length - 1} more" : "")}";
        return failure is null ? text : $"{text} ({failure})";
    }
}
