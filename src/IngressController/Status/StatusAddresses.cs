using IngressController.Configuration;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Status;

/// <summary>The addresses that Ingresses show, or the reason why there are none. Without addresses every status stays unchanged.</summary>
/// <param name="Addresses">The distinct addresses, in order.</param>
/// <param name="Missing">The reason why there are none; null when there are addresses.</param>
/// <param name="IsMisconfigured">True if the reason is probably a configuration error.</param>
internal sealed record StatusAddresses(EquatableArray<PublishedAddress> Addresses, string? Missing = null, bool IsMisconfigured = false)
{
    private static readonly StatusAddresses NotConfigured = Without(
        "no address for status.loadBalancer is known: set --publish-service or --publish-status-address, or --replicas-service if the Pods use the host network");

    /// <summary>
    /// Returns the first that applies: the addresses of --publish-status-address, those of the publish Service, those of the replicas'
    /// nodes.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="replicas">The Service whose ready endpoints are the replicas.</param>
    /// <param name="snapshot">The cluster.</param>
    /// <param name="nodes">The nodes of <see cref="NodeNames"/>; null for a node that does not exist or may not be read.</param>
    public static StatusAddresses Find(
        StatusOptions options, ResourceName? replicas, ClusterSnapshot snapshot, IReadOnlyDictionary<string, V1Node?> nodes) => options switch
        {
            { PublishAddresses.Count: > 0 } => Of(options.PublishAddresses.Select(PublishedAddress.Parse), ""),
            { PublishService: { } name } => snapshot.Services.TryGetValue(name, out var service)
                ? OfService(name, service)
                : Without($"the Service {name} of --publish-service does not exist") with { IsMisconfigured = true },
            _ => replicas is { } name ? OfNodes(name, ReadyReplicas(name, snapshot), nodes) : NotConfigured,
        };

    /// <summary>Returns the names of the nodes that <see cref="Find"/> needs.</summary>
    public static IReadOnlySet<string> NodeNames(StatusOptions options, ResourceName? replicas, ClusterSnapshot snapshot) =>
        options is { PublishAddresses.Count: 0, PublishService: null } && replicas is { } name
            ? ReadyReplicas(name, snapshot).Select(replica => replica.NodeName).OfType<string>().ToHashSet(StringComparer.Ordinal)
            : new HashSet<string>();

    /// <summary>Returns the endpoints of the ready replicas.</summary>
    public static IEnumerable<V1Endpoint> ReadyReplicas(ResourceName service, ClusterSnapshot snapshot) =>
        snapshot.Endpoints.Of(service).SelectMany(slice => slice.ReadyEndpoints);

    /// <summary>
    /// Returns the addresses of the publish Service, as ingress-nginx does: a NodePort Service has no external address of its own, so it
    /// shows the same addresses as a ClusterIP Service.
    /// </summary>
    private static StatusAddresses OfService(ResourceName name, V1Service service)
    {
        var spec = service.Spec;
        var external = (spec?.ExternalIPs ?? []).Select(PublishedAddress.Parse);
        return spec?.Type switch
        {
            "LoadBalancer" => Of(
                PublishedAddress.Of(service.Status?.LoadBalancer).Select(address => (PublishedAddress?)address).Concat(external),
                $"the load balancer of the Service {name} of --publish-service has no address yet"),
            "ExternalName" => Of([PublishedAddress.Parse(spec.ExternalName)], $"the Service {name} of --publish-service names nothing"),
            _ when spec?.ExternalIPs is { Count: > 0 } => Of(external, $"the Service {name} of --publish-service has no usable address"),
            _ => Of(
                (spec?.ClusterIPs ?? [spec?.ClusterIP ?? ""]).Where(ip => ip != "None").Select(PublishedAddress.Parse),
                $"the Service {name} of --publish-service has no address of its own"),
        };
    }

    private static StatusAddresses OfNodes(ResourceName service, IEnumerable<V1Endpoint> replicas, IReadOnlyDictionary<string, V1Node?> nodes)
    {
        var addresses = new List<PublishedAddress?>();
        foreach (var replica in replicas)
        {
            V1Node? node = null;
            if (replica.NodeName is { } name && !nodes.TryGetValue(name, out node))
                return Without($"node {name} has not been read yet");
            var ofNode = AddressesOf(node, "ExternalIP") is { Count: > 0 } external ? external : AddressesOf(node, "InternalIP");
            // In the host network the address of a Pod is an address of its node.
            addresses.AddRange(ofNode.Count > 0 ? ofNode : [PublishedAddress.Parse(replica.Addresses?.FirstOrDefault())]);
        }

        return Of(addresses, $"the Service {service} of --replicas-service has no ready endpoint");
    }

    private static List<PublishedAddress?> AddressesOf(V1Node? node, string type) =>
        [.. (node?.Status?.Addresses ?? []).Where(address => address?.Type == type).Select(address => PublishedAddress.Parse(address.Address))];

    private static StatusAddresses Of(IEnumerable<PublishedAddress?> addresses, string missing) =>
        PublishedAddress.Set(addresses.OfType<PublishedAddress>()) is { Count: > 0 } found ? new(found) : Without(missing);

    private static StatusAddresses Without(string missing) => new([], missing);
}
