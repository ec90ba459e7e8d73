using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Reconciliation;

/// <summary>
/// The objects that new Ingresses name. Objects of different kinds arrive by different watches, in no order: the Service that was created before an
/// Ingress may arrive after it.
/// </summary>
internal static class NewIngresses
{
    /// <summary>True if a new Ingress names a Service that is not there, or without EndpointSlices.</summary>
    public static bool AwaitServices(ClusterSnapshot before, ClusterSnapshot after, ClusterChanges changes)
    {
        foreach (var name in changes.Ingresses)
        {
            if (!before.Ingresses.ContainsKey(name) && after.Ingresses.TryGetValue(name, out var ingress) && ServicesOf(ingress).Any(service => IsAbsent(after, new(name.Namespace, service))))
                return true;
        }

        return false;
    }

    private static bool IsAbsent(ClusterSnapshot snapshot, ResourceName service) =>
        !snapshot.Services.TryGetValue(service, out var found) || snapshot.LacksSlices(service, found);

    private static IEnumerable<string> ServicesOf(V1Ingress ingress)
    {
        if (ingress.Spec is not { } spec)
            yield break;
        if (spec.DefaultBackend?.Service?.Name is { } name)
            yield return name;
        foreach (var path in spec.Rules?.SelectMany(rule => rule.Http?.Paths ?? []) ?? [])
        {
            if (path.Backend?.Service?.Name is { } service)
                yield return service;
        }
    }
}
