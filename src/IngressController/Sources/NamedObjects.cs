using System.Collections.Immutable;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Values;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>Gets one object by its name; null when there is none.</summary>
internal delegate Task<T?> GetObject<T>(ResourceName name, CancellationToken cancellation)
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>
/// The objects of a kind of which only those are read that somebody names. A watch of metadata tells which exist and in which
/// version; what is wanted is fetched by name, again for each version, and is in the store until it is gone or no longer wanted.
/// </summary>
internal sealed partial class NamedObjects<T>(
    ClusterKind<T> kind, ClusterStore store, GetObject<T> get, Action<ReflectorNotice> onNotice, ReflectorTimings timings, TimeProvider time)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();

    /// <summary>The version of each object that exists in what is watched.</summary>
    private readonly Dictionary<ResourceName, string> _versions = [];

    private readonly Dictionary<ResourceName, Wish> _wishes = [];
    private ImmutableHashSet<ResourceName> _names = [];

    /// <summary>How many wishes have a first arrival before them.</summary>
    private int _arriving;

    /// <summary>Completes when there is none of them any more; one for all who wait, who may ask again and again.</summary>
    private TaskCompletionSource? _allArrived;

    /// <summary>A wanted object, whether it exists or not.</summary>
    private sealed class Wish(ResourceName name)
    {
        public ResourceName Name => name;

        /// <summary>The version that was known when it was fetched last.</summary>
        public string? KnownVersion { get; set; }

        /// <summary>The version that was fetched last, which may be newer than the known one.</summary>
        public string? FetchedVersion { get; set; }

        /// <summary>Whether it waits to be fetched, or is being fetched.</summary>
        public bool IsDue { get; set; }

        /// <summary>Completes when it has been fetched for the first time, or cannot be; null since then.</summary>
        public TaskCompletionSource? FirstArrival { get; set; }

        public Backoff? Backoff { get; set; }

        public ITimer? Retry { get; set; }

        /// <summary>Why it could not be fetched.</summary>
        public string? Trouble { get; set; }
    }

    /// <summary>What has never come, for people; those that have the same trouble are one entry, which says it.</summary>
    public ImmutableArray<string> Awaited
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _wishes.Values.Where(wish => wish.FirstArrival is not null).GroupBy(wish => wish.Trouble, StringComparer.Ordinal)
                        .Select(group => Describe([.. group.Select(wish => wish.Name).Order()], group.Key)),
                ];
            }
        }
    }

    /// <summary>Says which are wanted from now on; the others leave the store.</summary>
    /// <param name="names">All of them.</param>
    /// <param name="waitForAll">Whether to wait for all that have never come, not only for those that are new.</param>
    /// <returns>Completes when those waited for have come, or are known not to exist or not to be readable.</returns>
    public Task Want(ImmutableHashSet<ResourceName> names, bool waitForAll)
    {
        lock (_lock)
        {
            var added = ReferenceEquals(names, _names) ? [] : Exchange(names);
            return waitForAll
                ? _allArrived?.Task ?? Task.CompletedTask
                : Task.WhenAll(added.Select(wish => wish.FirstArrival?.Task).OfType<Task>());
        }
    }

    /// <summary>Takes over what the watch of metadata delivered.</summary>
    public void Apply(WatchScope scope, ResourceChange<PartialObjectMetadata> change)
    {
        lock (_lock)
        {
            switch (change)
            {
                case ResourceChange<PartialObjectMetadata>.Applied applied:
                    Exists(applied.Object);
                    break;
                case ResourceChange<PartialObjectMetadata>.Deleted deleted:
                    IsGone(deleted.Object.ResourceName);
                    break;
                case ResourceChange<PartialObjectMetadata>.Replaced replaced:
                    var listed = replaced.Items.Select(item => item.ResourceName).ToHashSet();
                    listed.UnionWith(replaced.Undecodable.Select(item => new ResourceName(item.Namespace ?? "default", item.Name ?? "")));
                    foreach (var gone in _versions.Keys.Where(name => scope.Covers(name) && !listed.Contains(name)).ToArray())
                        IsGone(gone);
                    foreach (var item in replaced.Items)
                        Exists(item);
                    break;
                default:
                    throw new InvalidOperationException($"unknown change {change.GetType().Name}");
            }
        }
    }

    /// <returns>The wishes that are new and have to be waited for.</returns>
    private List<Wish> Exchange(ImmutableHashSet<ResourceName> names)
    {
        _names = names;
        var added = new List<Wish>();
        foreach (var name in names)
        {
            if (_wishes.ContainsKey(name))
                continue;
            var wish = new Wish(name);
            _wishes.Add(name, wish);
            FetchIfOutdated(wish);
            // What does not exist has come as it is; should it appear later, it is fetched as any change is.
            if (!wish.IsDue)
                continue;
            wish.FirstArrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _arriving++;
            _allArrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            added.Add(wish);
        }

        if (_wishes.Count > names.Count)
        {
            foreach (var wish in _wishes.Values.Where(wish => !names.Contains(wish.Name)).ToArray())
            {
                _wishes.Remove(wish.Name);
                LetGo(wish);
            }
        }

        return added;
    }

    private void Exists(PartialObjectMetadata item)
    {
        var name = item.ResourceName;
        _versions[name] = item.Metadata?.ResourceVersion ?? "";
        if (_wishes.TryGetValue(name, out var wish))
            FetchIfOutdated(wish);
    }

    private void IsGone(ResourceName name)
    {
        _versions.Remove(name);
        if (!_wishes.TryGetValue(name, out var wish))
            return;
        wish.KnownVersion = wish.FetchedVersion = null;
        LetGo(wish);
    }

    private void LetGo(Wish wish)
    {
        wish.Retry?.Dispose();
        wish.Retry = null;
        store.Forget(kind, wish.Name);
        HasArrived(wish);
    }

    private void HasArrived(Wish wish)
    {
        if (wish.FirstArrival is not { } arrival)
            return;
        wish.FirstArrival = null;
        arrival.SetResult();
        if (--_arriving > 0)
            return;
        _allArrived?.SetResult();
        _allArrived = null;
    }

    private string Describe(ResourceName[] names, string? trouble)
    {
        var text = $"{kind.Resource} {names[0]}{(names.Length > 1 ? $" and {names.Length - 1} more" : "")}";
        return trouble is null ? text : $"{text} ({trouble})";
    }
}
