using IngressController.Configuration;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Status;

/// <summary>The addresses that Ingresses show, or why there are none now; then every status stays as it is.</summary>
/// <param name="Addresses">Each once, in order.</param>
/// <param name="Missing">Null where there are addresses.</param>
/// <param name="IsMistake">Whether what is missing looks like a mistake of the operator's.</param>
internal sealed record StatusAddresses(EquatableArray<PublishedAddress> Addresses, string? Missing = null, bool IsMistake = false)
{
    private static readonly StatusAddresses NotConfigured = Without(
        "no address is known to write into status.loadBalancer of the Ingresses: set --publish-service or --publish-status-address, or, where the Pods use the host's network, --replicas-service");

    /// <summary>The first that applies: what is given, the addresses of the publish Service, those of the nodes of the replicas.</summary>
    /// <param name="options">What the operator chose.</param>
    /// <param name="replicas">The Service whose ready endpoints are the replicas.</param>
    /// <param name="snapshot">The cluster.</param>
    /// <param name="nodes">The nodes of <see cref="NodeNames"/>; null for one that cannot be read.</param>
    public static StatusAddresses Find(
        StatusOptions options, ResourceName? replicas, ClusterSnapshot snapshot, IReadOnlyDictionary<string, V1Node?> nodes) => options switch
        {
            { PublishAddresses.Count: > 0 } => Of(options.PublishAddresses.Select(PublishedAddress.Parse), ""),
            { PublishService: { } name } => snapshot.Services.TryGetValue(name, out var service)
                ? OfService(name, service)
                : Without($"the Service {name} of --publish-service does not exist") with { IsMistake = true },
            _ => replicas is { } name ? OfNodes(name, ReadyReplicas(name, snapshot), nodes) : NotConfigured,
        };

    /// <summary>The nodes that have to be read for it.</summary>
    public static IReadOnlySet<string> NodeNames(StatusOptions options, ResourceName? replicas, ClusterSnapshot snapshot) =>
        options is { PublishAddresses.Count: 0, PublishService: null } && replicas is { } name
            ? ReadyReplicas(name, snapshot).Select(replica => replica.NodeName).OfType<string>().ToHashSet(StringComparer.Ordinal)
            : new HashSet<string>();

    /// <summary>The replicas that take traffic.</summary>
    public static IEnumerable<V1Endpoint> ReadyReplicas(ResourceName service, ClusterSnapshot snapshot) =>
        snapshot.Endpoints.Of(service).SelectMany(slice => slice.ReadyEndpoints);

    /// <summary>As ingress-nginx has it: a NodePort is reached by no address of its own, so it shows what a ClusterIP shows.</summary>
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
            // In the host's network a Pod's address is one of its node.
            addresses.AddRange(ofNode.Count > 0 ? ofNode : [PublishedAddress.Parse(replica.Addresses?.FirstOrDefault())]);
        }

        return Of(addresses, $"the Service {service} of --replicas-service has no ready endpoint");
    }

    private static List<PublishedAddress?> AddressesOf(V1Node? node, string type) =>
        [.. (node?.Status?.Addresses ?? []).Where(address => address?.Type == type).Select(address => PublishedAddress.Parse(address.Address))];

    private static StatusAddresses Of(IEnumerable<PublishedAddress?> addresses, string otherwise) =>
        PublishedAddress.Set(addresses.OfType<PublishedAddress>()) is { Count: > 0 } found ? new(found) : Without(otherwise);

    private static StatusAddresses Without(string missing) => new([], missing);
}
