using System.Text.Json;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>The three API calls of an election.</summary>
/// <param name="Get">Reads the current Lease, not a cached one; null if there is none.</param>
/// <param name="Create">Creates the Lease; fails if it exists.</param>
/// <param name="Patch">
/// Changes only the given fields, because others may have written the rest; fails if <c>metadata.resourceVersion</c> is not that of the
/// current Lease.
/// </param>
public sealed record LeaseAccess(
    Func<CancellationToken, Task<V1Lease?>> Get,
    Func<V1Lease, CancellationToken, Task<V1Lease>> Create,
    Func<V1Lease, CancellationToken, Task<V1Lease>> Patch)
{
    public static LeaseAccess Of(IKubernetes kubernetes, string @namespace, string name)
    {
        var leases = kubernetes.CoordinationV1;
        var (ns, segment) = (ObjectCalls.PathSegment(@namespace), ObjectCalls.PathSegment(name));
        return new(
            cancellation => leases.ReadNamespacedLeaseAsync(segment, ns, cancellationToken: cancellation).IfFoundAsync(name),
            (lease, cancellation) => leases.CreateNamespacedLeaseAsync(lease, ns, cancellationToken: cancellation),
            (lease, cancellation) => leases.PatchNamespacedLeaseAsync(
                new V1Patch(JsonSerializer.Serialize(lease, ApiJson.Of<V1Lease>()), V1Patch.PatchType.MergePatch), segment, ns, cancellationToken: cancellation));
    }
}
