using IngressController.Routing.Cluster;
using IngressController.Sources;
using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Cli;

/// <summary>The cluster that results from manifests.</summary>
/// <param name="Cluster">The snapshot of the cluster.</param>
/// <param name="AssumedReady">Services without EndpointSlices in the manifests, which are assumed to be ready.</param>
internal sealed record ManifestSnapshot(ClusterSnapshot Cluster, IReadOnlyList<ResourceName> AssumedReady)
{
    public static ManifestSnapshot Of(ManifestSet set)
    {
        var store = new ClusterStore();
        foreach (var item in set.Objects)
            store.Add(item.Resource);
        var withoutSlices = set.OfType<V1Service>().Where(service => store.Snapshot.LacksSlices(service.ResourceName, service)).ToArray();
        foreach (var service in withoutSlices)
            store.Add(SliceOf(service));
        return new ManifestSnapshot(store.Snapshot, [.. withoutSlices.Select(service => service.ResourceName)]);
    }

    /// <summary>Creates the EndpointSlice that a cluster creates for a Service with a ready Pod. Manifests seldom contain slices.</summary>
    private static V1EndpointSlice SliceOf(V1Service service) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = service.ResourceName.Name,
            NamespaceProperty = service.ResourceName.Namespace,
            Labels = new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = service.ResourceName.Name },
        },
        AddressType = "IPv4",
        Ports =
        [
            .. (service.Spec?.Ports ?? []).Select(port => new Discoveryv1EndpointPort { Name = port.Name, Port = port.Port, Protocol = port.Protocol }),
        ],
        Endpoints = [new V1Endpoint { Addresses = ["192.0.2.1"] }],
    };
}
