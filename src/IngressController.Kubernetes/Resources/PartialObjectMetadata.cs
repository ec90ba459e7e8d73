using System.Text.Json.Serialization;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>
/// That an object exists, and in which version; nothing of what it holds. The API server cuts objects of any kind to their metadata
/// when it is asked to (<see cref="ResourceType{T}.IsMetadataOnly"/>). The package has no such model.
/// </summary>
public sealed record PartialObjectMetadata : IKubernetesObject<V1ObjectMeta>
{
    // The interface of the package has no annotations of nullability: any of these is null where the server left it out.
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = null!;

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = null!;

    /// <summary>Name, namespace, uid and version only.</summary>
    [JsonPropertyName("metadata")]
    [JsonConverter(typeof(MetadataIdentityConverter))]
    public V1ObjectMeta Metadata { get; set; } = null!;
}
