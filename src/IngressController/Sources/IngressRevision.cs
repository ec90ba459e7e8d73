using k8s.Models;

namespace IngressController.Sources;

/// <summary>Distinguishes updates of only the status of an Ingress from updates that translation must read.</summary>
internal static class IngressRevision
{
    /// <summary>
    /// True if both are the same for translation. The API server counts changes of <c>spec</c> in <c>metadata.generation</c>, but not
    /// changes of annotations.
    /// </summary>
    public static bool IsSame(V1Ingress one, V1Ingress other) =>
        ReferenceEquals(one, other)
        || (one.Metadata is { Uid: { } uid, Generation: > 0 and var generation } before && other.Metadata is { } after
            && after.Uid == uid && after.Generation == generation && after.DeletionTimestamp == before.DeletionTimestamp
            && IsSame(before.Annotations, after.Annotations) && IsSame(before.Labels, after.Labels));

    /// <summary>
    /// Returns the earlier Ingress with the version and status of the later one; null when they differ in more than that.
    /// </summary>
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
