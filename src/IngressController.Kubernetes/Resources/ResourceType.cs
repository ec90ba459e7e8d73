using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>One kind of the API: where it lives and how it decodes.</summary>
/// <param name="Group">The API group, empty for the core group.</param>
/// <param name="Version">The version of the group, for example <c>v1</c>.</param>
/// <param name="Plural">The resource's name in URLs, for example <c>ingresses</c>.</param>
/// <param name="Kind">The kind, for example <c>Ingress</c>.</param>
/// <param name="IsNamespaced">Whether its objects live in namespaces.</param>
/// <param name="TypeInfo">How an object is decoded.</param>
public sealed record ResourceType<T>(string Group, string Version, string Plural, string Kind, bool IsNamespaced, JsonTypeInfo<T> TypeInfo)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private const string Json = "application/json";
    private const string MetaGroup = "g=meta.k8s.io;v=v1";

    /// <summary><c>networking.k8s.io/v1</c>, or <c>v1</c> for the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>
    /// Whether the server is asked for the metadata of the objects instead of the objects. One that cannot answer so sends whole
    /// objects, which decode as well.
    /// </summary>
    public bool IsMetadataOnly { get; init; }

    internal string ListMediaType => IsMetadataOnly ? $"application/json;as=PartialObjectMetadataList;{MetaGroup},{Json}" : Json;

    internal string WatchMediaType => IsMetadataOnly ? $"application/json;as=PartialObjectMetadata;{MetaGroup},{Json}" : Json;

    /// <summary>The collection's URL below the server, of one namespace or of all.</summary>
    public string CollectionPath(string? @namespace) =>
        (Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}")
        + (@namespace is null || !IsNamespaced ? "" : $"/namespaces/{Uri.EscapeDataString(@namespace)}")
        + $"/{Plural}";

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>The kinds this controller watches, or asks for by name.</summary>
public static class ResourceTypes
{
    public static ResourceType<V1Ingress> Ingresses { get; } =
        new(V1Ingress.KubeGroup, V1Ingress.KubeApiVersion, V1Ingress.KubePluralName, V1Ingress.KubeKind, true, ApiJson.Of<V1Ingress>());

    public static ResourceType<V1IngressClass> IngressClasses { get; } =
        new(V1IngressClass.KubeGroup, V1IngressClass.KubeApiVersion, V1IngressClass.KubePluralName, V1IngressClass.KubeKind, false, ApiJson.Of<V1IngressClass>());

    public static ResourceType<V1Service> Services { get; } =
        new(V1Service.KubeGroup, V1Service.KubeApiVersion, V1Service.KubePluralName, V1Service.KubeKind, true, ApiJson.Of<V1Service>());

    public static ResourceType<V1EndpointSlice> EndpointSlices { get; } =
        new(V1EndpointSlice.KubeGroup, V1EndpointSlice.KubeApiVersion, V1EndpointSlice.KubePluralName, V1EndpointSlice.KubeKind, true, ApiJson.Of<V1EndpointSlice>());

    public static ResourceType<V1Secret> Secrets { get; } =
        new(V1Secret.KubeGroup, V1Secret.KubeApiVersion, V1Secret.KubePluralName, V1Secret.KubeKind, true, ApiJson.Of<V1Secret>());

    public static ResourceType<V1ConfigMap> ConfigMaps { get; } =
        new(V1ConfigMap.KubeGroup, V1ConfigMap.KubeApiVersion, V1ConfigMap.KubePluralName, V1ConfigMap.KubeKind, true, ApiJson.Of<V1ConfigMap>());

    public static ResourceType<PartialObjectMetadata> SecretMetadata { get; } = MetadataOf(Secrets);

    public static ResourceType<PartialObjectMetadata> ConfigMapMetadata { get; } = MetadataOf(ConfigMaps);

    private static ResourceType<PartialObjectMetadata> MetadataOf<T>(ResourceType<T> type)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new(type.Group, type.Version, type.Plural, type.Kind, type.IsNamespaced, ApiJson.Of<PartialObjectMetadata>()) { IsMetadataOnly = true };
}
