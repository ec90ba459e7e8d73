using System.Collections.Immutable;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Cluster;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>Adds or replaces a parsed object and records the changes. Returns the same snapshot when nothing changed.</summary>
internal delegate ClusterSnapshot SnapshotUpdate(ClusterSnapshot snapshot, ClusterChanges changes);

/// <summary>Stores the objects of one kind in a snapshot and records the changes for translation.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Names">Returns the names of the objects in a snapshot.</param>
/// <param name="Prepare">Does the slow part of an update, which needs no snapshot and runs without a lock.</param>
/// <param name="Remove">Removes an object and records the changes. Returns the same snapshot when the object is not in it.</param>
internal sealed record ClusterKind<T>(
    ResourceType<T> Resource,
    Func<ClusterSnapshot, IEnumerable<ResourceName>> Names,
    Func<T, SnapshotUpdate> Prepare,
    Func<ClusterSnapshot, ResourceName, ClusterChanges, ClusterSnapshot> Remove)
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>The kinds that make up a snapshot.</summary>
internal static class ClusterKinds
{
    /// <summary>
    /// Translation does not read the status, which this controller itself writes, among others. An Ingress with no other change replaces
    /// the previous one without being recorded as a change, and shares all else with it, so that it is not kept in memory twice.
    /// </summary>
    public static ClusterKind<V1Ingress> Ingresses { get; } = Named(
        ResourceTypes.Ingresses,
        snapshot => snapshot.Ingresses,
        (snapshot, ingresses) => snapshot with { Ingresses = ingresses },
        changes => changes.Ingresses,
        IngressRevision.WithStatusOf);

    public static ClusterKind<V1IngressClass> IngressClasses { get; } = new(
        ResourceTypes.IngressClasses,
        snapshot => snapshot.IngressClasses.Keys.Select(ClusterScoped),
        ingressClass => (snapshot, changes) =>
        {
            var name = ingressClass.ResourceName.Name;
            if (IsSame(snapshot.IngressClasses.GetValueOrDefault(name), ingressClass))
                return snapshot;
            changes.IngressClasses = true;
            return snapshot with { IngressClasses = snapshot.IngressClasses.SetItem(name, ingressClass) };
        },
        (snapshot, name, changes) =>
        {
            if (!snapshot.IngressClasses.ContainsKey(name.Name))
                return snapshot;
            changes.IngressClasses = true;
            return snapshot with { IngressClasses = snapshot.IngressClasses.Remove(name.Name) };
        });

    public static ClusterKind<V1Service> Services { get; } = Named(
        ResourceTypes.Services,
        snapshot => snapshot.Services,
        (snapshot, services) => snapshot with { Services = services },
        changes => changes.Services);

    public static ClusterKind<V1EndpointSlice> EndpointSlices { get; } = new(
        ResourceTypes.EndpointSlices,
        snapshot => snapshot.Endpoints.SliceNames,
        slice => (snapshot, changes) =>
        {
            var name = slice.ResourceName;
            var before = snapshot.Endpoints.ServiceOf(name);
            if (before is { } owner && IsSame(snapshot.Endpoints.Of(owner).FirstOrDefault(stored => stored.ResourceName == name), slice))
                return snapshot;
            // A slice may move to another Service: both have changed then.
            if (before is { } previous)
                changes.Services.Add(previous);
            if (slice.ServiceName is { } current)
                changes.Services.Add(current);
            var endpoints = snapshot.Endpoints.Set(slice);
            return ReferenceEquals(endpoints, snapshot.Endpoints) ? snapshot : snapshot with { Endpoints = endpoints };
        },
        (snapshot, name, changes) =>
        {
            if (snapshot.Endpoints.ServiceOf(name) is not { } service)
                return snapshot;
            changes.Services.Add(service);
            return snapshot with { Endpoints = snapshot.Endpoints.Remove(name) };
        });

    /// <summary>
    /// The kind Secret. Its certificate is parsed once, here, whatever its type is. Secrets of other types than kubernetes.io/tls are also
    /// stored unchanged.
    /// </summary>
    public static ClusterKind<V1Secret> Secrets { get; } = new(
        ResourceTypes.Secrets,
        snapshot => snapshot.TlsSecrets.Keys,
        secret => SetSecret(TlsSecretParser.Parse(secret), secret.Type is KubernetesVocabulary.TlsSecretType ? null : secret),
        (snapshot, name, changes) =>
        {
            if (!snapshot.TlsSecrets.ContainsKey(name))
                return snapshot;
            changes.Secrets.Add(name);
            return snapshot with { TlsSecrets = snapshot.TlsSecrets.Remove(name), Secrets = snapshot.Secrets.Remove(name) };
        });

    public static ClusterKind<V1ConfigMap> ConfigMaps { get; } = Named(
        ResourceTypes.ConfigMaps,
        snapshot => snapshot.ConfigMaps,
        (snapshot, configMaps) => snapshot with { ConfigMaps = configMaps },
        changes => changes.ConfigMaps);

    private static SnapshotUpdate SetSecret(TlsSecret parsed, V1Secret? secret) => (snapshot, changes) =>
    {
        var name = parsed.Name;
        var before = snapshot.TlsSecrets.GetValueOrDefault(name);
        var now = parsed.After(before);
        if (now == before && (secret is null ? !snapshot.Secrets.ContainsKey(name) : IsSame(snapshot.Secrets.GetValueOrDefault(name), secret)))
            return snapshot;
        changes.Secrets.Add(name);
        return snapshot with
        {
            TlsSecrets = snapshot.TlsSecrets.SetItem(name, now),
            Secrets = secret is null ? snapshot.Secrets.Remove(name) : snapshot.Secrets.SetItem(name, secret),
        };
    };

    /// <summary>Creates a kind whose objects are stored unchanged, by name.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="get">Returns the objects of a snapshot.</param>
    /// <param name="with">Returns the snapshot with other objects.</param>
    /// <param name="changed">Returns the set that records changes.</param>
    /// <param name="withoutChange">
    /// Returns the object to store when translation cannot distinguish it from the previous one; null when it can.
    /// </param>
    private static ClusterKind<T> Named<T>(
        ResourceType<T> resource,
        Func<ClusterSnapshot, ImmutableDictionary<ResourceName, T>> get,
        Func<ClusterSnapshot, ImmutableDictionary<ResourceName, T>, ClusterSnapshot> with,
        Func<ClusterChanges, HashSet<ResourceName>> changed,
        Func<T, T, T?>? withoutChange = null)
        where T : class, IKubernetesObject<V1ObjectMeta> => new(
        resource,
        snapshot => get(snapshot).Keys,
        item => (snapshot, changes) =>
        {
            var name = item.ResourceName;
            var before = get(snapshot).GetValueOrDefault(name);
            if (IsSame(before, item))
                return snapshot;
            if (before is not null && withoutChange?.Invoke(before, item) is { } shared)
                return with(snapshot, get(snapshot).SetItem(name, shared));
            changed(changes).Add(name);
            return with(snapshot, get(snapshot).SetItem(name, item));
        },
        (snapshot, name, changes) =>
        {
            if (!get(snapshot).ContainsKey(name))
                return snapshot;
            changed(changes).Add(name);
            return with(snapshot, get(snapshot).Remove(name));
        });

    /// <summary>Returns the name of a cluster-scoped object, with the namespace that <see cref="KubernetesVocabulary"/> gives it.</summary>
    private static ResourceName ClusterScoped(string name) => new("default", name);

    /// <summary>True for the same version of the same object. A relist delivers every object again, changed or not.</summary>
    private static bool IsSame(IKubernetesObject<V1ObjectMeta>? before, IKubernetesObject<V1ObjectMeta> after) =>
        ReferenceEquals(before, after)
        || (before?.Metadata is { Uid: { } uid, ResourceVersion: { } version }
            && uid == after.Metadata?.Uid && version == after.Metadata.ResourceVersion);
}
