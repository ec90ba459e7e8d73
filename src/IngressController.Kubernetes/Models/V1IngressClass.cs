using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1IngressClass : IKubernetesObject
{
    /// <summary>The annotation that makes a class the default one of its cluster.</summary>
    public const string IsDefaultClassAnnotation = "ingressclass.kubernetes.io/is-default-class";

    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    public V1IngressClassSpec? Spec { get; init; }
}

public sealed class V1IngressClassSpec
{
    public string? Controller { get; init; }
}
