using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>The three calls an election needs of the API server.</summary>
/// <param name="Get">The Lease as it is now, not as a cache has it; null when there is none.</param>
/// <param name="Create">Fails when there is one.</param>
/// <param name="Replace">Fails when somebody else has changed it since it was read.</param>
public sealed record LeaseAccess(
    Func<CancellationToken, Task<V1Lease?>> Get,
    Func<V1Lease, CancellationToken, Task<V1Lease>> Create,
    Func<V1Lease, CancellationToken, Task<V1Lease>> Replace)
{
    public static LeaseAccess Of(KubernetesClient client, string @namespace, string name) => new(
        cancellation => client.GetAsync(ResourceTypes.Leases, @namespace, name, cancellation),
        (lease, cancellation) => client.CreateAsync(ResourceTypes.Leases, lease, cancellation),
        (lease, cancellation) => client.ReplaceAsync(ResourceTypes.Leases, lease, cancellation));
}
