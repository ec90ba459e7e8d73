using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Generated metadata of the decoded models, which <see cref="ApiJson"/> adapts.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(V1Ingress))]
[JsonSerializable(typeof(V1IngressClass))]
[JsonSerializable(typeof(V1Service))]
[JsonSerializable(typeof(V1EndpointSlice))]
[JsonSerializable(typeof(V1Secret))]
[JsonSerializable(typeof(V1ConfigMap))]
[JsonSerializable(typeof(V1Lease))]
[JsonSerializable(typeof(Eventsv1Event))]
[JsonSerializable(typeof(V1ListMeta))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(PartialObjectMetadata))]
[JsonSerializable(typeof(BookmarkObject))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;

/// <summary>The object of a BOOKMARK event, which has only a kind and a resource version.</summary>
internal sealed record BookmarkObject([property: JsonPropertyName("metadata")] V1ObjectMeta? Metadata);
