using System.Text;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Validation;

internal static class MetadataRules
{
    private const int MaxAnnotationBytes = 256 * 1024;

    public static void Check(IKubernetesObject<V1ObjectMeta> resource, Violations violations)
    {
        var metadata = resource.Metadata;
        // Names of Services had to be DNS labels that begin with a letter before Kubernetes 1.36.
        violations.Add("metadata.name", resource is V1Service ? ApiNames.Label(metadata.Name) : ApiNames.Subdomain(metadata.Name));
        if (resource is not V1IngressClass && metadata.NamespaceProperty is { Length: > 0 } ns)
            violations.Add("metadata.namespace", ApiNames.Label(ns));
        foreach (var (key, value) in metadata.Labels ?? EmptyMap)
        {
            violations.Add("metadata.labels", ApiNames.QualifiedName(key));
            violations.Add($"metadata.labels[{key}]", ApiNames.LabelValue(value ?? ""));
        }

        var bytes = 0L;
        foreach (var (key, value) in metadata.Annotations ?? EmptyMap)
        {
            violations.Add("metadata.annotations", ApiNames.QualifiedName(key.ToLowerInvariant()));
            bytes += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value ?? "");
        }

        if (bytes > MaxAnnotationBytes)
            violations.Add("metadata.annotations", $"have {bytes} bytes; {MaxAnnotationBytes} are the maximum");
    }

    private static IDictionary<string, string> EmptyMap { get; } = new Dictionary<string, string>();
}
