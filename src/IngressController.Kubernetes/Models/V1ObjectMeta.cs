using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>The metadata every object carries, cut to what this controller reads.</summary>
public class V1ObjectMeta
{
    public string? Name { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    public long? Generation { get; init; }

    public DateTime? CreationTimestamp { get; init; }

    public DateTime? DeletionTimestamp { get; init; }

    public Dictionary<string, string>? Annotations { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// Who wrote <c>status.loadBalancer.ingress</c>: the one field manager to whom <c>managedFields</c> ascribes it, null for none and for
    /// several. The rest of <c>managedFields</c> is skipped while decoding.
    /// </summary>
    [JsonPropertyName("managedFields")]
    [JsonConverter(typeof(LoadBalancerManagerConverter))]
    public string? LoadBalancerManager { get; init; }
}

/// <summary>What every typed object of the API has.</summary>
public interface IKubernetesObject
{
    string? ApiVersion { get; }

    string? Kind { get; }

    V1ObjectMeta? Metadata { get; }
}

/// <summary>The metadata of a list: the version to watch from, and the token of the next page.</summary>
public sealed class V1ListMeta
{
    public string? ResourceVersion { get; init; }

    [JsonPropertyName("continue")]
    public string? ContinueProperty { get; init; }

    public long? RemainingItemCount { get; init; }
}
