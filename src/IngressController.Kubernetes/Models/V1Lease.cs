using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>
/// Who leads, and since when (coordination.k8s.io/v1). It is replaced as a whole, so what this controller does not know of it is kept:
/// labels for tools, owners, finalizers, and the fields of coordinated leader election (KEP-4355).
/// </summary>
public sealed record V1Lease : IKubernetesObject
{
    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    public V1LeaseMeta? Metadata { get; init; }

    public V1LeaseSpec? Spec { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    V1ObjectMeta? IKubernetesObject.Metadata => Metadata;
}

/// <summary>Metadata that survives a replacement.</summary>
public sealed class V1LeaseMeta : V1ObjectMeta
{
    /// <summary>Members without a property of their own.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

public sealed record V1LeaseSpec
{
    /// <summary>Who holds the lease; empty or null means nobody.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>How long others wait after the last change they saw before they take the lease.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the holder took it, by the holder's clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? AcquireTime { get; init; }

    /// <summary>When the holder renewed it last, by the holder's clock. Only its change means something to others.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? RenewTime { get; init; }

    /// <summary>How often the holder changed.</summary>
    public int? LeaseTransitions { get; init; }

    /// <summary>Members without a property of their own, for example <c>strategy</c> and <c>preferredHolder</c>.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}
