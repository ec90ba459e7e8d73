using IngressController.Kubernetes.Models;

namespace IngressController.Sources;

/// <summary>Tells a write of an Ingress's status from one that translation has to read.</summary>
internal static class IngressRevision
{
    /// <summary>
    /// Whether translation finds the same in both. The server counts the changes of <c>spec</c> in <c>metadata.generation</c>;
    /// annotations it does not count.
    /// </summary>
    public static bool IsSame(V1Ingress one, V1Ingress other) =>
        ReferenceEquals(one, other)
        || (one.Metadata is { Uid: { } uid, Generation: > 0 and var generation } before && other.Metadata is { } after
            && after.Uid == uid && after.Generation == generation && after.DeletionTimestamp == before.DeletionTimestamp
            && IsSame(before.Annotations, after.Annotations) && IsSame(before.Labels, after.Labels));

    /// <summary>The Ingress before with version and status of the one after; null when they differ in more than that.</summary>
    public static V1Ingress? WithStatusOf(V1Ingress before, V1Ingress after) => !IsSame(before, after) ? null : new V1Ingress
    {
        ApiVersion = before.ApiVersion,
        Kind = before.Kind,
        Metadata = new V1ObjectMeta
        {
            Name = before.Metadata!.Name,
            NamespaceProperty = before.Metadata.NamespaceProperty,
            Uid = before.Metadata.Uid,
            ResourceVersion = after.Metadata!.ResourceVersion,
            Generation = before.Metadata.Generation,
            CreationTimestamp = before.Metadata.CreationTimestamp,
            DeletionTimestamp = before.Metadata.DeletionTimestamp,
            Annotations = before.Metadata.Annotations,
            Labels = before.Metadata.Labels,
            LoadBalancerManager = after.Metadata.LoadBalancerManager,
        },
        Spec = before.Spec,
        Status = after.Status,
    };

    private static bool IsSame(Dictionary<string, string>? one, Dictionary<string, string>? other) =>
        ReferenceEquals(one, other) ? true
        : one is null || other is null
            ? (one?.Count ?? 0) == (other?.Count ?? 0)
            : one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
