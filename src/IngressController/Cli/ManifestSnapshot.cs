using IngressController.Routing.Cluster;
using IngressController.Routing.Values;
using IngressController.Sources;
using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Cli;

/// <summary>Manifests as the cluster they would be.</summary>
/// <param name="Cluster">What it would hold.</param>
/// <param name="AssumedReady">Services whose endpoints are made up.</param>
internal sealed record ManifestSnapshot(ClusterSnapshot Cluster, IReadOnlyList<ResourceName> AssumedReady)
{
    public static ManifestSnapshot Of(ManifestSet set)
    {
        var store = new ClusterStore();
        foreach (var item in set.Objects)
            store.Add(item.Resource);
        var bare = set.OfType<V1Service>()
            .Where(service => service.Spec?.Type != "ExternalName" && store.Snapshot.Endpoints.Of(service.ResourceName).IsEmpty).ToArray();
        foreach (var service in bare)
            store.Add(SliceOf(service));
        return new ManifestSnapshot(store.Snapshot, [.. bare.Select(service => service.ResourceName)]);
    }

    /// <summary>What a cluster would make for a Service whose Pods are ready: manifests seldom hold slices, and that is no mistake.</summary>
    private static V1EndpointSlice SliceOf(V1Service service) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = service.ResourceName.Name,
            NamespaceProperty = service.ResourceName.Namespace,
            Labels = new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = service.ResourceName.Name },
        },
        AddressType = "IPv4",
        Ports = [.. (service.Spec?.Ports ?? []).Select(port => new Discoveryv1EndpointPort { Name = port.Name, Port = port.Port })],
        Endpoints = [new V1Endpoint { Addresses = ["192.0.2.1"] }],
    };
}
