using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>
/// That an object exists, and in which version; nothing of what it holds. The API server cuts objects of any kind to their metadata
/// when it is asked to (<see cref="ResourceType{T}.IsMetadataOnly"/>).
/// </summary>
public sealed class PartialObjectMetadata : IKubernetesObject
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    /// <summary>Name, namespace, uid and version only.</summary>
    [JsonConverter(typeof(MetadataIdentityConverter))]
    public V1ObjectMeta? Metadata { get; init; }
}
