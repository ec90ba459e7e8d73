using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>A kind of the API with its address and decoder.</summary>
/// <param name="Group">The API group, empty for the core group.</param>
/// <param name="Version">The version of the group, for example <c>v1</c>.</param>
/// <param name="Plural">The resource's name in URLs, for example <c>ingresses</c>.</param>
/// <param name="Kind">The kind, for example <c>Ingress</c>.</param>
/// <param name="IsNamespaced">True if its objects are namespaced.</param>
/// <param name="TypeInfo">Decodes an object.</param>
public sealed record ResourceType<T>(string Group, string Version, string Plural, string Kind, bool IsNamespaced, JsonTypeInfo<T> TypeInfo)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private const string Json = "application/json";
    private const string MetaGroup = "g=meta.k8s.io;v=v1";

    /// <summary>The group and version, as in <c>networking.k8s.io/v1</c>, or <c>v1</c> for the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>
    /// True if requests ask for the metadata of objects instead of whole objects. A server that does not support this sends whole objects,
    /// which decode as well.
    /// </summary>
    public bool IsMetadataOnly { get; init; }

    internal string ListMediaType => IsMetadataOnly ? $"application/json;as=PartialObjectMetadataList;{MetaGroup},{Json}" : Json;

    internal string WatchMediaType => IsMetadataOnly ? $"application/json;as=PartialObjectMetadata;{MetaGroup},{Json}" : Json;

    /// <summary>Returns the URL path of the collection in a namespace, or in all namespaces if null.</summary>
    public string CollectionPath(string? @namespace) =>
        (Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}")
        + (@namespace is null || !IsNamespaced ? "" : $"/namespaces/{Uri.EscapeDataString(@namespace)}")
        + $"/{Plural}";

    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
