using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// The identity and version of an object, without its content. The API server reduces objects of any kind to their metadata when a
/// request asks for it. The package has no such model.
/// </summary>
public sealed record PartialObjectMetadata : IKubernetesObject<V1ObjectMeta>
{
    // The package's interface has no nullable annotations: each of these is null when the server omits it.
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = null!;

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = null!;

    /// <summary>Holds only the name, namespace, uid and version.</summary>
    [JsonPropertyName("metadata")]
    [JsonConverter(typeof(MetadataIdentityConverter))]
    public V1ObjectMeta Metadata { get; set; } = null!;
}
