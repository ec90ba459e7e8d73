using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;
using k8s.Models;

namespace IngressController.Status;

/// <summary>What Ingresses are to show.</summary>
/// <param name="Addresses">None: it is not known now, and what is there stays.</param>
/// <param name="Shown">All that this replica has had them show, this among it.</param>
internal sealed record StatusTarget(EquatableArray<PublishedAddress> Addresses, ImmutableHashSet<EquatableArray<PublishedAddress>> Shown)
{
    public static StatusTarget Unknown { get; } = new([], []);

    /// <summary>How <c>managedFields</c> names those who write for our class.</summary>
    public string FieldManager { get; init; } = StatusPlan.FieldManager;
}

/// <summary>A status that is not as it should be.</summary>
/// <param name="Name">The Ingress.</param>
/// <param name="Uid">Which Ingress of that name.</param>
/// <param name="Version">The version this is about: another one may be no longer ours.</param>
/// <param name="Generation">Of its spec.</param>
/// <param name="Addresses">What it should show.</param>
internal sealed record StatusChange(ResourceName Name, string? Uid, string Version, long? Generation, EquatableArray<PublishedAddress> Addresses)
{
    /// <summary>Whether it only takes away what we wrote.</summary>
    public bool IsTakeBack => Addresses.Count == 0;
}

/// <summary>
/// Decides which statuses are to be written. Pure: what is live, what the cluster holds and where clients find us, in; changes, out.
/// </summary>
internal static class StatusPlan
{
    /// <summary>How <c>managedFields</c> names the writer of a status, which is how a later leader knows that it was us; see <see cref="FieldManagerOf"/>.</summary>
    public const string FieldManager = "yarp-ingress-controller";

    /// <summary>The most an API server takes.</summary>
    private const int LongestFieldManager = 128;

    private static readonly string DefaultClass = new TranslationSettings().ControllerClass;

    /// <summary>
    /// Each controller class has a name of its own: a second installation may show the same addresses, that of the load balancer before
    /// both or those of the nodes both run on, and neither may take back what the other shows.
    /// </summary>
    public static string FieldManagerOf(string controllerClass)
    {
        if (controllerClass == DefaultClass)
            return FieldManager;
        var name = $"{FieldManager}:{controllerClass}";
        return name.Length <= LongestFieldManager && name.All(char.IsAscii)
            ? name
            : $"{FieldManager}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(controllerClass)).AsSpan(0, 16))}";
    }

    /// <param name="live">Only what it serves is told to anybody.</param>
    /// <param name="ingresses">The Ingresses as they are now.</param>
    /// <param name="target">What ours are to show.</param>
    public static IEnumerable<StatusChange> Of(Translation live, IEnumerable<V1Ingress> ingresses, StatusTarget target) =>
        ingresses.Select(ingress => For(ingress, live, target)).OfType<StatusChange>();

    /// <returns>Null when its status is as it should be, or none of our business.</returns>
    public static StatusChange? For(V1Ingress ingress, Translation live, StatusTarget target)
    {
        var isOurs = live.Claims(ingress.ResourceName);
        if (isOurs ? target.Addresses.Count == 0 || PublishedAddress.Shows(ingress.Status?.LoadBalancer, target.Addresses) : !HoldsOurs(ingress, target))
            return null;
        return IsSettled(ingress, live) ? Change(ingress, isOurs ? target.Addresses : []) : null;
    }

    /// <summary>What makes the status of all that are ours empty.</summary>
    public static IEnumerable<StatusChange> OfRemoval(Translation live, IEnumerable<V1Ingress> ingresses) =>
        from ingress in ingresses
        where ingress.Status?.LoadBalancer?.Ingress is { Count: > 0 } && live.Claims(ingress.ResourceName) && IsSettled(ingress, live)
        select Change(ingress, []);

    /// <summary>
    /// Whether an Ingress that is not ours shows what we wrote when it was. Its addresses alone do not tell: its controller now may have
    /// the same. Nor does the writer's name: there may be a second installation for the same class, whose addresses are others.
    /// </summary>
    private static bool HoldsOurs(V1Ingress ingress, StatusTarget target) =>
        ingress.Status?.LoadBalancer is { Ingress.Count: > 0 } status
        && ingress.Metadata?.LoadBalancerManager == target.FieldManager
        && target.Shown.Contains(PublishedAddress.Of(status));

    /// <summary>Whether it stays, and what is live was made from it as it is now; else the next revision decides.</summary>
    private static bool IsSettled(V1Ingress ingress, Translation live) =>
        ingress.Metadata is { DeletionTimestamp: null }
        && live.Snapshot.Ingresses.TryGetValue(ingress.ResourceName, out var translated) && IngressRevision.IsSame(translated, ingress);

    private static StatusChange Change(V1Ingress ingress, EquatableArray<PublishedAddress> addresses) =>
        new(ingress.ResourceName, ingress.Metadata!.Uid, ingress.Metadata.ResourceVersion ?? "", ingress.Metadata.Generation, addresses);
}
