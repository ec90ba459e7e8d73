using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1Service : IKubernetesObject
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    public V1ServiceSpec? Spec { get; init; }
}

public sealed class V1ServiceSpec
{
    /// <summary>ClusterIP (also when missing), NodePort, LoadBalancer or ExternalName.</summary>
    [JsonConverter(typeof(SharedStringConverter))]
    public string? Type { get; init; }

    public string? ClusterIP { get; init; }

    public string? ExternalName { get; init; }

    public List<V1ServicePort>? Ports { get; init; }

    public List<string>? IpFamilies { get; init; }

    public bool? PublishNotReadyAddresses { get; init; }
}

public sealed class V1ServicePort
{
    public string? Name { get; init; }

    public int? Port { get; init; }

    /// <summary>TCP (also when missing), UDP or SCTP.</summary>
    [JsonConverter(typeof(SharedStringConverter))]
    public string? Protocol { get; init; }

    public string? AppProtocol { get; init; }

    public IntOrString? TargetPort { get; init; }
}
