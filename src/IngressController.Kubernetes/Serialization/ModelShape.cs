using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Selects the members of the package's models that are decoded, and their converters. The models have every field of the API; a controller
/// that holds ten thousand objects pays for each field that nothing reads (docs/performance.md).
/// </summary>
internal static class ModelShape
{
    /// <summary>The decoded members by type. All members of an unlisted type are decoded.</summary>
    private static readonly Dictionary<Type, string[]> DecodedMembers = new()
    {
        [typeof(V1ObjectMeta)] =
        [
            "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "annotations", "labels", "managedFields",
        ],
        [typeof(V1IngressClassSpec)] = ["controller"],
        [typeof(V1IngressLoadBalancerIngress)] = ["ip", "hostname"],
        [typeof(V1LoadBalancerIngress)] = ["ip", "hostname"],
        [typeof(V1ServiceSpec)] =
            ["type", "clusterIP", "clusterIPs", "externalIPs", "externalName", "ports", "ipFamilies", "publishNotReadyAddresses"],
        [typeof(V1ServicePort)] = ["name", "port", "protocol", "appProtocol", "targetPort"],
        [typeof(V1ServiceStatus)] = ["loadBalancer"],
        [typeof(V1Endpoint)] = ["addresses", "conditions", "targetRef", "nodeName"],
    };

    /// <summary>Names of the members whose strings many objects have in common.</summary>
    private static readonly HashSet<string> SharedMembers =
    [
        "apiVersion", "kind", "namespace", "addressType", "nodeName", "ingressClassName", "pathType", "protocol", "type", "ip", "hostname", "apiGroup",
    ];

    private static readonly SharedStringConverter SharedString = new();
    private static readonly IntOrStringConverter IntOrString = new();
    private static readonly MicroTimeConverter MicroTime = new();
    private static readonly MicroTimeConverter.Required RequiredMicroTime = new();
    private static readonly StringMapConverter Annotations = new("$.metadata.annotations");
    private static readonly StringMapConverter Labels = new("$.metadata.labels");
    private static readonly ManagedFieldsConverter ManagedFields = new();

    public static void Apply(JsonTypeInfo type)
    {
        var decoded = DecodedMembers.GetValueOrDefault(type.Type);
        foreach (var property in type.Properties)
        {
            // A member without a setter is not decoded, but still written.
            if (decoded?.Contains(property.Name) == false)
                property.Set = null;
            if (Converter(type.Type, property) is { } converter)
                property.CustomConverter = converter;
        }
    }

    private static JsonConverter? Converter(Type type, JsonPropertyInfo property) => property.Name switch
    {
        "managedFields" => ManagedFields,
        "annotations" when type == typeof(V1ObjectMeta) => Annotations,
        "labels" when type == typeof(V1ObjectMeta) => Labels,
        "acquireTime" or "renewTime" when type == typeof(V1LeaseSpec) => MicroTime,
        "eventTime" when type == typeof(Eventsv1Event) => MicroTime,
        "lastObservedTime" when type == typeof(Eventsv1EventSeries) => RequiredMicroTime,
        "targetPort" => IntOrString,
        _ when property.PropertyType == typeof(string) && SharedMembers.Contains(property.Name) => SharedString,
        _ => null,
    };
}
