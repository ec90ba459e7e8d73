using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;
using k8s.Models;

namespace IngressController.Status;

/// <summary>The addresses that the status of Ingresses must show.</summary>
/// <param name="Addresses">The current addresses; empty when they are unknown, and every status stays unchanged.</param>
/// <param name="Shown">All sets of addresses that this replica has determined since its start, the current one included.</param>
internal sealed record StatusTarget(EquatableArray<PublishedAddress> Addresses, ImmutableHashSet<EquatableArray<PublishedAddress>> Shown)
{
    public static StatusTarget Unknown { get; } = new([], []);

    /// <summary>The field manager of this controller class in <c>managedFields</c>.</summary>
    public string FieldManager { get; init; } = StatusPlan.FieldManager;
}

/// <summary>A necessary change of the status of an Ingress.</summary>
/// <param name="Name">The name of the Ingress.</param>
/// <param name="Uid">The UID of the Ingress.</param>
/// <param name="Version">The version that the change applies to; a later version may not be claimed any more.</param>
/// <param name="Generation">The generation of its spec.</param>
/// <param name="Addresses">The addresses that it must show; empty for a reset.</param>
internal sealed record StatusChange(ResourceName Name, string? Uid, string Version, long? Generation, EquatableArray<PublishedAddress> Addresses)
{
    /// <summary>True if the change removes the addresses that this controller wrote.</summary>
    public bool IsReset => Addresses.Count == 0;
}

/// <summary>
/// Computes the necessary changes of status from the live revision, the Ingresses of the cluster and the target addresses. Pure functions.
/// </summary>
internal static class StatusPlan
{
    /// <summary>
    /// The field manager in <c>managedFields</c>, by which a later leader recognizes the writer of a status; see
    /// <see cref="FieldManagerOf"/>.
    /// </summary>
    public const string FieldManager = "yarp-ingress-controller";

    /// <summary>The limit of the API server.</summary>
    private const int MaxFieldManagerLength = 128;

    private static readonly string DefaultClass = new TranslationSettings().ControllerClass;

    /// <summary>
    /// Returns the field manager of a controller class. Each class has its own: two installations may show the same addresses, such as
    /// those of a common load balancer or of common nodes, and must not reset each other's status.
    /// </summary>
    public static string FieldManagerOf(string controllerClass)
    {
        if (controllerClass == DefaultClass)
            return FieldManager;
        var name = $"{FieldManager}:{controllerClass}";
        return name.Length <= MaxFieldManagerLength && name.All(char.IsAscii)
            ? name
            : $"{FieldManager}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(controllerClass)).AsSpan(0, 16))}";
    }

    /// <param name="live">The live translation; only Ingresses that it serves get addresses.</param>
    /// <param name="ingresses">The current Ingresses.</param>
    /// <param name="target">The addresses that claimed Ingresses must show.</param>
    public static IEnumerable<StatusChange> Of(Translation live, IEnumerable<V1Ingress> ingresses, StatusTarget target) =>
        ingresses.Select(ingress => For(ingress, live, target)).OfType<StatusChange>();

    /// <returns>Null when no change is needed.</returns>
    public static StatusChange? For(V1Ingress ingress, Translation live, StatusTarget target)
    {
        var isClaimed = live.Claims(ingress.ResourceName);
        if (isClaimed ? target.Addresses.Count == 0 || PublishedAddress.Shows(ingress.Status?.LoadBalancer, target.Addresses) : !NeedsReset(ingress, target))
            return null;
        return IsSettled(ingress, live) ? Change(ingress, isClaimed ? target.Addresses : []) : null;
    }

    /// <summary>Returns the changes that reset the status of all claimed Ingresses.</summary>
    public static IEnumerable<StatusChange> OfReset(Translation live, IEnumerable<V1Ingress> ingresses) =>
        from ingress in ingresses
        where ingress.Status?.LoadBalancer?.Ingress is { Count: > 0 } && live.Claims(ingress.ResourceName) && IsSettled(ingress, live)
        select Change(ingress, []);

    /// <summary>
    /// True if an unclaimed Ingress shows addresses that were written while it was claimed. The addresses alone do not prove that: its new
    /// controller may have the same ones. Neither does the field manager: a second installation of the same class may have other addresses.
    /// </summary>
    private static bool NeedsReset(V1Ingress ingress, StatusTarget target) =>
        ingress.Status?.LoadBalancer is { Ingress.Count: > 0 } status
        && ingress.Metadata?.LoadBalancerManager == target.FieldManager
        && target.Shown.Contains(PublishedAddress.Of(status));

    /// <summary>
    /// True if the Ingress is not being deleted and the live translation is based on its current state. Otherwise the next revision
    /// decides.
    /// </summary>
    private static bool IsSettled(V1Ingress ingress, Translation live) =>
        ingress.Metadata is { DeletionTimestamp: null }
        && live.Snapshot.Ingresses.TryGetValue(ingress.ResourceName, out var translated) && IngressRevision.IsSame(translated, ingress);

    private static StatusChange Change(V1Ingress ingress, EquatableArray<PublishedAddress> addresses) =>
        new(ingress.ResourceName, ingress.Metadata!.Uid, ingress.Metadata.ResourceVersion ?? "", ingress.Metadata.Generation, addresses);
}
