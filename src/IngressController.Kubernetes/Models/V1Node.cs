using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>A machine of the cluster, cut to its addresses.</summary>
public sealed class V1Node : IKubernetesObject
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    public V1NodeStatus? Status { get; init; }
}

public sealed class V1NodeStatus
{
    public List<V1NodeAddress>? Addresses { get; init; }
}

public sealed class V1NodeAddress
{
    /// <summary>ExternalIP, InternalIP, Hostname, ExternalDNS or InternalDNS.</summary>
    [JsonConverter(typeof(SharedStringConverter))]
    public string? Type { get; init; }

    public string? Address { get; init; }
}
