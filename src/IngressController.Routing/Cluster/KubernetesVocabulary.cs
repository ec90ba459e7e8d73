using System.Collections.Immutable;
using k8s;
using k8s.Models;

namespace IngressController.Routing.Cluster;

/// <summary>Extensions and names of Kubernetes objects that the controller reads.</summary>
public static class KubernetesVocabulary
{
    /// <summary>The label of an EndpointSlice that names its Service.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";

    /// <summary>The annotation that makes an IngressClass the default of its cluster.</summary>
    public const string IsDefaultClassAnnotation = "ingressclass.kubernetes.io/is-default-class";

    /// <summary>The type of Secrets with <c>tls.crt</c> and <c>tls.key</c>.</summary>
    public const string TlsSecretType = "kubernetes.io/tls";

    extension<T>(IDictionary<string, T> map)
        where T : class
    {
        /// <summary>The value of a label, an annotation or a key of data; null when it is absent.</summary>
        public T? Find(string key) => map.TryGetValue(key, out var value) ? value : null;
    }

    extension(V1ConfigMap configMap)
    {
        /// <summary>The entries of <c>data</c>, ordered by key.</summary>
        public IEnumerable<KeyValuePair<string, string>> SortedData =>
            (configMap.Data ?? ImmutableDictionary<string, string>.Empty).OrderBy(entry => entry.Key, StringComparer.Ordinal);
    }

    extension(IKubernetesObject<V1ObjectMeta> resource)
    {
        /// <summary>Namespace and name. A manifest without namespace is in <c>default</c>, as in kubectl.</summary>
        public ResourceName ResourceName =>
            new(resource.Metadata?.NamespaceProperty is { Length: > 0 } ns ? ns : "default", resource.Metadata?.Name ?? "");
    }

    extension(V1EndpointSlice slice)
    {
        /// <summary>The endpoints that are ready; an unknown condition counts as ready.</summary>
        public IEnumerable<V1Endpoint> ReadyEndpoints =>
            (slice.Endpoints ?? []).Where(endpoint => endpoint is { Conditions: null or { Ready: not false } });

        /// <summary>The Service of a slice; null when its label is missing.</summary>
        public ResourceName? ServiceName =>
            slice.Metadata?.Labels?.Find(ServiceNameLabel) is { Length: > 0 } service
                ? slice.ResourceName with { Name = service }
                : null;
    }
}
