using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>Properties of metadata that the package's model lacks.</summary>
public static class ObjectMetadata
{
    extension(V1ObjectMeta metadata)
    {
        /// <summary>
        /// The field manager that wrote <c>status.loadBalancer.ingress</c> according to <c>managedFields</c>; null if there is none or more
        /// than one. Decoding keeps nothing else of <c>managedFields</c>.
        /// </summary>
        public string? LoadBalancerManager => metadata.ManagedFields is [{ Manager: var manager }] ? manager : null;
    }
}
