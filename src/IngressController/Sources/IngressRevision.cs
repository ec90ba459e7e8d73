using k8s.Models;

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
    public static V1Ingress? WithStatusOf(V1Ingress before, V1Ingress after) => !IsSame(before, after) ? null : before with
    {
        Metadata = before.Metadata with { ResourceVersion = after.Metadata.ResourceVersion, ManagedFields = after.Metadata.ManagedFields },
        Status = after.Status,
    };

    private static bool IsSame(IDictionary<string, string>? one, IDictionary<string, string>? other) =>
        ReferenceEquals(one, other) ? true
        : one is null || other is null
            ? (one?.Count ?? 0) == (other?.Count ?? 0)
            : one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
