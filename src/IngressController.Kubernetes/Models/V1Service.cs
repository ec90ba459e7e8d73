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

    public V1ServiceStatus? Status { get; init; }
}

public sealed class V1ServiceStatus
{
    public V1LoadBalancerStatus? LoadBalancer { get; init; }
}

public sealed class V1ServiceSpec
{
    /// <summary>ClusterIP (also when missing), NodePort, LoadBalancer or ExternalName.</summary>
    [JsonConverter(typeof(SharedStringConverter))]
    public string? Type { get; init; }

    /// <summary>The first of <see cref="ClusterIPs"/>; <c>None</c> for a Service without one.</summary>
    public string? ClusterIP { get; init; }

    /// <summary>One per family; missing from servers before dual stack.</summary>
    public List<string>? ClusterIPs { get; init; }

    public List<string>? ExternalIPs { get; init; }

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
