using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Resources;

/// <summary>The kinds that the controller watches or gets by name.</summary>
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
