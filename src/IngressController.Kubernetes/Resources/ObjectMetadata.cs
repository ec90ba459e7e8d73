using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>What is read of metadata that the package's model has no word for.</summary>
public static class ObjectMetadata
{
    extension(V1ObjectMeta metadata)
    {
        /// <summary>
        /// Who wrote <c>status.loadBalancer.ingress</c>: the one field manager to whom <c>managedFields</c> ascribes it, null for none and for
        /// several. Decoding keeps nothing else of <c>managedFields</c>.
        /// </summary>
        public string? LoadBalancerManager => metadata.ManagedFields is [{ Manager: var manager }] ? manager : null;
    }
}
