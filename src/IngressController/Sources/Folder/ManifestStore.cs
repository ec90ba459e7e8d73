using IngressController.Kubernetes.Watching;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>Files objects of manifests, whatever their kind, in a <see cref="ClusterStore"/>.</summary>
internal static class ManifestStore
{
    extension(ClusterStore store)
    {
        public void Add(IKubernetesObject<V1ObjectMeta> resource) => Apply(store, resource, isGone: false);

        public void Remove(IKubernetesObject<V1ObjectMeta> resource) => Apply(store, resource, isGone: true);
    }

    private static void Apply(ClusterStore store, IKubernetesObject<V1ObjectMeta> resource, bool isGone)
    {
        switch (resource)
        {
            case V1Ingress ingress:
                Apply(store, ClusterKinds.Ingresses, ingress, isGone);
                break;
            case V1IngressClass ingressClass:
                Apply(store, ClusterKinds.IngressClasses, ingressClass, isGone);
                break;
            case V1Service service:
                Apply(store, ClusterKinds.Services, service, isGone);
                break;
            case V1EndpointSlice slice:
                Apply(store, ClusterKinds.EndpointSlices, slice, isGone);
                break;
            case V1Secret secret:
                Apply(store, ClusterKinds.Secrets, secret, isGone);
                break;
            case V1ConfigMap configMap:
                Apply(store, ClusterKinds.ConfigMaps, configMap, isGone);
                break;
            default:
                throw new ArgumentException($"{resource.Kind} is no kind of a snapshot", nameof(resource));
        }
    }

    private static void Apply<T>(ClusterStore store, ClusterKind<T> kind, T resource, bool isGone)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        store.Apply(kind, @namespace: null, list: "", isGone ? new ResourceChange<T>.Deleted(resource) : new ResourceChange<T>.Applied(resource));
}
