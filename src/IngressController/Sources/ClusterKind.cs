using System.Collections.Immutable;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Cluster;
using IngressController.Routing.Values;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>Files an object that was read: adds or replaces it and notes what that touches; the same snapshot when nothing changed.</summary>
internal delegate ClusterSnapshot Filing(ClusterSnapshot snapshot, ClusterChanges changes);

/// <summary>How the objects of one kind are filed in a snapshot, and whose translation they touch.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Names">The names a snapshot holds.</param>
/// <param name="Read">Does all that takes time and needs no snapshot, which is before any lock is taken.</param>
/// <param name="Remove">Removes an object and notes what that touches; the same snapshot when it was not there.</param>
internal sealed record ClusterKind<T>(
    ResourceType<T> Resource,
    Func<ClusterSnapshot, IEnumerable<ResourceName>> Names,
    Func<T, Filing> Read,
    Func<ClusterSnapshot, ResourceName, ClusterChanges, ClusterSnapshot> Remove)
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>The kinds that make up a snapshot.</summary>
internal static class ClusterKinds
{
    /// <summary>
    /// Status is written by this controller itself, among others, and translation does not read it: an Ingress of which nothing else
    /// changed is filed anew and noted as no change. It shares the rest with the one before, so that it is not held twice.
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
            if (before is { } owner && IsSame(snapshot.Endpoints.Of(owner).FirstOrDefault(held => held.ResourceName == name), slice))
                return snapshot;
            // A slice may change hands: both Services are touched then.
            if (before is { } loser)
                changes.Services.Add(loser);
            if (slice.ServiceName is { } after)
                changes.Services.Add(after);
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

    /// <summary>Secrets that hold a certificate are parsed once, here; the others are filed as they are.</summary>
    public static ClusterKind<V1Secret> Secrets { get; } = new(
        ResourceTypes.Secrets,
        snapshot => snapshot.TlsSecrets.Keys.Concat(snapshot.Secrets.Keys),
        secret => secret.Type is KubernetesVocabulary.TlsSecretType ? FileCertificate(TlsSecretParser.Parse(secret)) : FileSecret(secret),
        (snapshot, name, changes) =>
        {
            if (!snapshot.TlsSecrets.ContainsKey(name) && !snapshot.Secrets.ContainsKey(name))
                return snapshot;
            changes.Secrets.Add(name);
            return snapshot with { TlsSecrets = snapshot.TlsSecrets.Remove(name), Secrets = snapshot.Secrets.Remove(name) };
        });

    public static ClusterKind<V1ConfigMap> ConfigMaps { get; } = Named(
        ResourceTypes.ConfigMaps,
        snapshot => snapshot.ConfigMaps,
        (snapshot, configMaps) => snapshot with { ConfigMaps = configMaps },
        changes => changes.ConfigMaps);

    private static Filing FileCertificate(TlsSecret parsed) => (snapshot, changes) =>
    {
        var before = snapshot.TlsSecrets.GetValueOrDefault(parsed.Name);
        var now = parsed.After(before);
        if (now == before)
            return snapshot;
        changes.Secrets.Add(now.Name);
        return snapshot with { TlsSecrets = snapshot.TlsSecrets.SetItem(now.Name, now), Secrets = snapshot.Secrets.Remove(now.Name) };
    };

    private static Filing FileSecret(V1Secret secret) => (snapshot, changes) =>
    {
        var name = secret.ResourceName;
        if (IsSame(snapshot.Secrets.GetValueOrDefault(name), secret))
            return snapshot;
        changes.Secrets.Add(name);
        return snapshot with { TlsSecrets = snapshot.TlsSecrets.Remove(name), Secrets = snapshot.Secrets.SetItem(name, secret) };
    };

    /// <summary>A kind whose objects are filed as they are, under their names.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="get">The objects of a snapshot.</param>
    /// <param name="with">The snapshot with other objects.</param>
    /// <param name="touched">Where changes are noted.</param>
    /// <param name="withoutChange">What to file of an object that translation takes for the one before; null where it does not.</param>
    private static ClusterKind<T> Named<T>(
        ResourceType<T> resource,
        Func<ClusterSnapshot, ImmutableDictionary<ResourceName, T>> get,
        Func<ClusterSnapshot, ImmutableDictionary<ResourceName, T>, ClusterSnapshot> with,
        Func<ClusterChanges, HashSet<ResourceName>> touched,
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
            touched(changes).Add(name);
            return with(snapshot, get(snapshot).SetItem(name, item));
        },
        (snapshot, name, changes) =>
        {
            if (!get(snapshot).ContainsKey(name))
                return snapshot;
            touched(changes).Add(name);
            return with(snapshot, get(snapshot).Remove(name));
        });

    /// <summary>Cluster-scoped objects are filed under the namespace that <see cref="KubernetesVocabulary"/> gives them.</summary>
    private static ResourceName ClusterScoped(string name) => new("default", name);

    /// <summary>A list after a lost watch delivers everything anew; the same version of the same object is no change.</summary>
    private static bool IsSame(IKubernetesObject<V1ObjectMeta>? before, IKubernetesObject<V1ObjectMeta> after) =>
        ReferenceEquals(before, after)
        || (before?.Metadata is { Uid: { } uid, ResourceVersion: { } version }
            && uid == after.Metadata?.Uid && version == after.Metadata.ResourceVersion);
}
