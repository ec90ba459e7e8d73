using System.Text.Json.Serialization.Metadata;

namespace IngressController.Kubernetes.Models;

/// <summary>One kind of the API: where it lives and how it decodes.</summary>
/// <param name="Group">The API group, empty for the core group.</param>
/// <param name="Version">The version of the group, for example <c>v1</c>.</param>
/// <param name="Plural">The resource's name in URLs, for example <c>ingresses</c>.</param>
/// <param name="Kind">The kind, for example <c>Ingress</c>.</param>
/// <param name="IsNamespaced">Whether its objects live in namespaces.</param>
/// <param name="TypeInfo">How an object is decoded.</param>
public sealed record ResourceType<T>(string Group, string Version, string Plural, string Kind, bool IsNamespaced, JsonTypeInfo<T> TypeInfo)
    where T : class, IKubernetesObject
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

    /// <summary>The URL of one object below the server.</summary>
    public string ObjectPath(string? @namespace, string name) => $"{CollectionPath(@namespace)}/{Uri.EscapeDataString(name)}";

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>The kinds this controller reads and writes.</summary>
public static class ResourceTypes
{
    public static ResourceType<V1Ingress> Ingresses { get; } =
        new("networking.k8s.io", "v1", "ingresses", "Ingress", true, KubernetesJsonContext.Default.V1Ingress);

    public static ResourceType<V1IngressClass> IngressClasses { get; } =
        new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false, KubernetesJsonContext.Default.V1IngressClass);

    public static ResourceType<V1Service> Services { get; } =
        new("", "v1", "services", "Service", true, KubernetesJsonContext.Default.V1Service);

    public static ResourceType<V1EndpointSlice> EndpointSlices { get; } =
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, KubernetesJsonContext.Default.V1EndpointSlice);

    public static ResourceType<V1Secret> Secrets { get; } =
        new("", "v1", "secrets", "Secret", true, KubernetesJsonContext.Default.V1Secret);

    public static ResourceType<V1ConfigMap> ConfigMaps { get; } =
        new("", "v1", "configmaps", "ConfigMap", true, KubernetesJsonContext.Default.V1ConfigMap);

    public static ResourceType<Eventsv1Event> Events { get; } =
        new("events.k8s.io", "v1", "events", "Event", true, KubernetesJsonContext.Default.Eventsv1Event);

    public static ResourceType<V1Lease> Leases { get; } =
        new("coordination.k8s.io", "v1", "leases", "Lease", true, KubernetesJsonContext.Default.V1Lease);

    public static ResourceType<V1Node> Nodes { get; } =
        new("", "v1", "nodes", "Node", false, KubernetesJsonContext.Default.V1Node);

    public static ResourceType<PartialObjectMetadata> SecretMetadata { get; } =
        new("", "v1", "secrets", "Secret", true, KubernetesJsonContext.Default.PartialObjectMetadata) { IsMetadataOnly = true };

    public static ResourceType<PartialObjectMetadata> ConfigMapMetadata { get; } =
        new("", "v1", "configmaps", "ConfigMap", true, KubernetesJsonContext.Default.PartialObjectMetadata) { IsMetadataOnly = true };
}
