using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace IngressController.Routing.Cluster;

/// <summary>What this controller says about Kubernetes objects, in its own words.</summary>
public static class KubernetesVocabulary
{
    /// <summary>The label that names the Service an EndpointSlice belongs to.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";

    /// <summary>The annotation that makes an IngressClass the default one of its cluster.</summary>
    public const string IsDefaultClassAnnotation = "ingressclass.kubernetes.io/is-default-class";

    /// <summary>The type of a Secret that holds <c>tls.crt</c> and <c>tls.key</c>.</summary>
    public const string TlsSecretType = "kubernetes.io/tls";

    extension<T>(IDictionary<string, T> map)
        where T : class
    {
        /// <summary>The value of a label, an annotation or a key of data; null where there is none.</summary>
        public T? Find(string key) => map.TryGetValue(key, out var value) ? value : null;
    }

    extension(V1ConfigMap configMap)
    {
        /// <summary>The texts of <c>data</c> in the order of their keys.</summary>
        public IEnumerable<KeyValuePair<string, string>> SortedData =>
            (configMap.Data ?? ImmutableDictionary<string, string>.Empty).OrderBy(entry => entry.Key, StringComparer.Ordinal);
    }

    extension(IKubernetesObject<V1ObjectMeta> resource)
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
            slice.Metadata?.Labels?.Find(ServiceNameLabel) is { Length: > 0 } service
                ? slice.ResourceName with { Name = service }
                : null;
    }
}
