using IngressController.Kubernetes.Watching;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>Stores objects of manifests in a <see cref="ClusterStore"/> by their kind.</summary>
internal static class ManifestStore
{
    extension(ClusterStore store)
    {
        public void Add(IKubernetesObject<V1ObjectMeta> resource) => Apply(store, resource, isDeleted: false);

        public void Remove(IKubernetesObject<V1ObjectMeta> resource) => Apply(store, resource, isDeleted: true);
    }

    private static void Apply(ClusterStore store, IKubernetesObject<V1ObjectMeta> resource, bool isDeleted)
    {
        switch (resource)
        {
            case V1Ingress ingress:
                Apply(store, ClusterKinds.Ingresses, ingress, isDeleted);
                break;
            case V1IngressClass ingressClass:
                Apply(store, ClusterKinds.IngressClasses, ingressClass, isDeleted);
                break;
            case V1Service service:
                Apply(store, ClusterKinds.Services, service, isDeleted);
                break;
            case V1EndpointSlice slice:
                Apply(store, ClusterKinds.EndpointSlices, slice, isDeleted);
                break;
            case V1Secret secret:
                Apply(store, ClusterKinds.Secrets, secret, isDeleted);
                break;
            case V1ConfigMap configMap:
                Apply(store, ClusterKinds.ConfigMaps, configMap, isDeleted);
                break;
            default:
                throw new ArgumentException($"{resource.Kind} is no kind of a snapshot", nameof(resource));
        }
    }

    private static void Apply<T>(ClusterStore store, ClusterKind<T> kind, T resource, bool isDeleted)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        store.Apply(kind, @namespace: null, list: "", isDeleted ? new ResourceChange<T>.Deleted(resource) : new ResourceChange<T>.Applied(resource));
}
