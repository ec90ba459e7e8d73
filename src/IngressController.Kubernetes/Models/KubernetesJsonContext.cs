using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>
/// Source-generated JSON for all models. Unknown members are skipped, so objects of newer servers decode,
/// and <c>managedFields</c> costs next to no memory.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(V1Ingress))]
[JsonSerializable(typeof(V1IngressClass))]
[JsonSerializable(typeof(V1Service))]
[JsonSerializable(typeof(V1EndpointSlice))]
[JsonSerializable(typeof(V1Secret))]
[JsonSerializable(typeof(V1ConfigMap))]
[JsonSerializable(typeof(Eventsv1Event))]
[JsonSerializable(typeof(V1Lease))]
[JsonSerializable(typeof(V1Node))]
[JsonSerializable(typeof(PartialObjectMetadata))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(V1ObjectMeta))]
[JsonSerializable(typeof(V1ListMeta))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(BookmarkObject))]
public sealed partial class KubernetesJsonContext : JsonSerializerContext;
