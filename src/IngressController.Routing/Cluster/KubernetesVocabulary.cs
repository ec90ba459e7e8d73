using IngressController.Kubernetes.Models;

namespace IngressController.Routing.Cluster;

/// <summary>What this controller says about Kubernetes objects, in its own words.</summary>
public static class KubernetesVocabulary
{
    extension(IKubernetesObject resource)
    {
        /// <summary>Namespace and name. Manifests may leave the namespace out; <c>default</c> is what kubectl takes then.</summary>
        public ResourceName ResourceName =>
            new(resource.Metadata?.NamespaceProperty is { Length: > 0 } ns ? ns : "default", resource.Metadata?.Name ?? "");
    }

    extension(V1EndpointSlice slice)
    {
        /// <summary>The endpoints that take traffic; a condition that is not known counts as true.</summary>
        public IEnumerable<V1Endpoint> ReadyEndpoints =>
            (slice.Endpoints ?? []).Where(endpoint => endpoint is { Conditions: null or { Ready: not false } });

        /// <summary>The Service a slice belongs to; null when its label is missing.</summary>
        public ResourceName? ServiceName =>
            slice.Metadata?.Labels?.GetValueOrDefault(V1EndpointSlice.ServiceNameLabel) is { Length: > 0 } service
                ? slice.ResourceName with { Name = service }
                : null;
    }
}
