using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1Ingress : IKubernetesObject
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    public V1IngressSpec? Spec { get; init; }

    public V1IngressStatus? Status { get; init; }
}

public sealed class V1IngressStatus
{
    public V1LoadBalancerStatus? LoadBalancer { get; init; }
}

public sealed class V1IngressSpec
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? IngressClassName { get; init; }

    public V1IngressBackend? DefaultBackend { get; init; }

    public List<V1IngressTLS>? Tls { get; init; }

    public List<V1IngressRule>? Rules { get; init; }
}

public sealed class V1IngressTLS
{
    public List<string>? Hosts { get; init; }

    public string? SecretName { get; init; }
}

public sealed class V1IngressRule
{
    public string? Host { get; init; }

    public V1HTTPIngressRuleValue? Http { get; init; }
}

public sealed class V1HTTPIngressRuleValue
{
    public List<V1HTTPIngressPath>? Paths { get; init; }
}

public sealed class V1HTTPIngressPath
{
    public string? Path { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? PathType { get; init; }

    public V1IngressBackend? Backend { get; init; }
}

public sealed class V1IngressBackend
{
    public V1IngressServiceBackend? Service { get; init; }

    public V1TypedLocalObjectReference? Resource { get; init; }
}

public sealed class V1IngressServiceBackend
{
    public string? Name { get; init; }

    public V1ServiceBackendPort? Port { get; init; }
}

public sealed class V1ServiceBackendPort
{
    public string? Name { get; init; }

    public int? Number { get; init; }
}

public sealed class V1TypedLocalObjectReference
{
    public string? ApiGroup { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public string? Name { get; init; }
}
