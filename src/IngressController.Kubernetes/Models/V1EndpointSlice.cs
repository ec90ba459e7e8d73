using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1EndpointSlice : IKubernetesObject
{
    /// <summary>The label that names the Service a slice belongs to.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";

    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    /// <summary>IPv4, IPv6 or FQDN.</summary>
    [JsonConverter(typeof(SharedStringConverter))]
    public string? AddressType { get; init; }

    public List<V1Endpoint>? Endpoints { get; init; }

    public List<Discoveryv1EndpointPort>? Ports { get; init; }
}

public sealed class V1Endpoint
{
    public List<string>? Addresses { get; init; }

    public V1EndpointConditions? Conditions { get; init; }

    public V1ObjectReference? TargetRef { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? NodeName { get; init; }
}

public sealed class V1EndpointConditions
{
    /// <summary>Missing means ready.</summary>
    public bool? Ready { get; init; }

    /// <summary>Missing means the same as <see cref="Ready"/>.</summary>
    public bool? Serving { get; init; }

    public bool? Terminating { get; init; }
}

public sealed class Discoveryv1EndpointPort
{
    public string? Name { get; init; }

    public int? Port { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Protocol { get; init; }

    public string? AppProtocol { get; init; }
}
