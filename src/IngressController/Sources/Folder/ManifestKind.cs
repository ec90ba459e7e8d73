using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Resources;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>A kind of object that is read from manifests.</summary>
/// <param name="Name">The kind, as in <c>Ingress</c>.</param>
/// <param name="Plural">Its name in URLs.</param>
/// <param name="Group">Its API group.</param>
/// <param name="ApiVersion">The group and version that are read.</param>
/// <param name="Model">The fields of its objects.</param>
/// <param name="Decode">Decodes an object.</param>
internal sealed record ManifestKind(
    string Name, string Plural, string Group, string ApiVersion, JsonTypeInfo Model, Func<JsonNode, IKubernetesObject<V1ObjectMeta>?> Decode)
{
    private static readonly ManifestKind[] All =
    [
        Of(ResourceTypes.Ingresses), Of(ResourceTypes.IngressClasses), Of(ResourceTypes.Services),
        Of(ResourceTypes.EndpointSlices), Of(ResourceTypes.Secrets), Of(ResourceTypes.ConfigMaps),
    ];

    public static ManifestKind? Find(string kind) => Array.Find(All, candidate => candidate.Name == kind);

    /// <summary>Returns the kind that is written in other letters, or as its plural.</summary>
    public static ManifestKind? FindMisspelt(string kind) => Array.Find(
        All, candidate => candidate.Name.Equals(kind, StringComparison.OrdinalIgnoreCase) || candidate.Plural.Equals(kind, StringComparison.OrdinalIgnoreCase));

    private static ManifestKind Of<T>(ResourceType<T> type)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new(type.Kind, type.Plural, type.Group, type.ApiVersion, type.TypeInfo, node => node.Deserialize(type.TypeInfo));
}
