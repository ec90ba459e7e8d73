using IngressController.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using IngressController.Status;
using k8s;
using k8s.Models;

namespace IngressController.Tests.Status;

/// <summary>
/// The addresses for the status, from options and cluster. Expected values are the addresses, or "-" and the reason why there are none.
/// </summary>
public sealed class StatusAddressesTests
{
    private static readonly ResourceName Proxy = new("ingress", "proxy");

    private static readonly IReadOnlyDictionary<string, V1Node?> Nodes = new Dictionary<string, V1Node?>
    {
        ["both"] = Node(("InternalIP", "10.0.0.1"), ("ExternalIP", "203.0.113.1"), ("Hostname", "both")),
        ["inside"] = Node(("Hostname", "inside"), ("InternalIP", "10.0.0.2"), ("InternalIP", "fd00::2")),
        ["nameless"] = Node(("Hostname", "nameless")),
        ["unreadable"] = null,
    };

    public static TheoryData<string, string> Services => new()
    {
        { "type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 203.0.113.10}, {ip: 203.0.113.9}]}", "203.0.113.9 203.0.113.10" },
        { "type: LoadBalancer}, status: {loadBalancer: {ingress: [{hostname: b.example}, {hostname: a.example}, {ip: '2001:DB8::1'}]}", "2001:db8::1 a.example b.example" },
        { "type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 203.0.113.9, hostname: a.example, ports: [{port: 80}]}]}", "203.0.113.9 (a.example)" },
        { "type: LoadBalancer, externalIPs: [198.51.100.1, 203.0.113.9]}, status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}", "198.51.100.1 203.0.113.9" },
        { "type: LoadBalancer, externalIPs: [198.51.100.1], clusterIP: 10.96.0.1", "198.51.100.1" },
        { "type: LoadBalancer, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1]", "- the load balancer of the Service ingress/proxy of --publish-service has no address yet" },
        { "type: LoadBalancer}, status: {loadBalancer: {}", "- the load balancer of the Service ingress/proxy of --publish-service has no address yet" },
        { "type: NodePort, externalIPs: [198.51.100.1], clusterIP: 10.96.0.1", "198.51.100.1" },
        { "type: NodePort, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1]", "10.96.0.1" },
        { "type: ClusterIP, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, 'fd00::1']", "10.96.0.1 fd00::1" },
        { "type: ClusterIP, clusterIP: 10.96.0.1, externalIPs: [198.51.100.2, 198.51.100.1, 198.51.100.2]", "198.51.100.1 198.51.100.2" },
        { "clusterIP: 10.96.0.1", "10.96.0.1" },
        { "clusterIP: None, clusterIPs: [None]", "- the Service ingress/proxy of --publish-service has no address of its own" },
        { "clusterIP: ''", "- the Service ingress/proxy of --publish-service has no address of its own" },
        { "type: ExternalName, externalName: lb.example.", "lb.example" },
        { "type: ExternalName, externalName: 203.0.113.9", "203.0.113.9" },
        { "type: ExternalName", "- the Service ingress/proxy of --publish-service names nothing" },
    };

    /// <summary>The endpoints of the replicas with node, address and readiness, and the expected addresses.</summary>
    public static TheoryData<string, string> Replicas => new()
    {
        { "{nodeName: both, addresses: [10.0.0.1]}", "203.0.113.1" },
        { "{nodeName: inside, addresses: [10.0.0.2]}", "10.0.0.2 fd00::2" },
        { "{nodeName: inside, addresses: [10.0.0.2]}, {nodeName: both, addresses: [10.0.0.1]}, {nodeName: both, addresses: [10.0.0.1]}", "10.0.0.2 203.0.113.1 fd00::2" },
        { "{nodeName: both, addresses: [10.0.0.1], conditions: {ready: false}}, {nodeName: inside, addresses: [10.0.0.2], conditions: {ready: true}}", "10.0.0.2 fd00::2" },
        { "{nodeName: unreadable, addresses: [10.0.0.9]}", "10.0.0.9" },
        { "{nodeName: nameless, addresses: [10.0.0.8]}", "10.0.0.8" },
        { "{addresses: [10.0.0.7]}", "10.0.0.7" },
        { "{nodeName: unknown, addresses: [10.0.0.6]}, {nodeName: both, addresses: [10.0.0.1]}", "- node unknown has not been read yet" },
        { "{nodeName: both, addresses: [10.0.0.1], conditions: {ready: false}}", "- the Service ingress/proxy of --replicas-service has no ready endpoint" },
    };

    [Theory]
    [MemberData(nameof(Services))]
    public void Addresses_of_the_publish_Service_are_found(string spec, string expected) =>
        Assert.Equal(expected, Describe(new StatusOptions { PublishService = Proxy }, null, WithService($"spec: {{{spec}}}")));

    [Theory]
    [MemberData(nameof(Replicas))]
    public void Addresses_of_the_replicas_nodes_are_found(string endpoints, string expected) =>
        Assert.Equal(expected, Describe(new StatusOptions(), Proxy, WithEndpoints(endpoints)));

    [Fact]
    public void Publish_addresses_take_precedence()
    {
        var options = new StatusOptions { PublishService = Proxy, PublishAddresses = ["lb.example", "203.0.113.10", "fd00::1", "203.0.113.9", "lb.example"] };
        Assert.Equal("203.0.113.9 203.0.113.10 fd00::1 lb.example", Describe(options, Proxy, WithService("spec: {clusterIP: 10.96.0.1}")));
        Assert.Empty(StatusAddresses.NodeNames(options, Proxy, WithEndpoints("{nodeName: both, addresses: [10.0.0.1]}")));
    }

    [Fact]
    public void Missing_publish_Service_is_a_configuration_error_and_nodes_are_not_used()
    {
        var options = new StatusOptions { PublishService = Proxy };
        var snapshot = WithEndpoints("{nodeName: both, addresses: [10.0.0.1]}");
        var found = StatusAddresses.Find(options, Proxy, snapshot, Nodes);
        Assert.Equal((true, "the Service ingress/proxy of --publish-service does not exist"), (found.IsMisconfigured, found.Missing));
        Assert.Empty(StatusAddresses.NodeNames(options, Proxy, snapshot));
    }

    [Fact]
    public void Missing_configuration_names_the_options_to_set() =>
        Assert.Contains("set --publish-service or --publish-status-address", Describe(new StatusOptions(), null, ClusterSnapshot.Empty), StringComparison.Ordinal);

    [Fact]
    public void Only_the_nodes_of_ready_replicas_are_read() => Assert.Equal(
        ["both"],
        StatusAddresses.NodeNames(new StatusOptions(), Proxy, WithEndpoints(
            "{nodeName: both, addresses: [10.0.0.1]}, {nodeName: inside, addresses: [10.0.0.2], conditions: {ready: false}}, {addresses: [10.0.0.3]}")));

    [Theory]
    [InlineData("1", null)]
    [InlineData("fe80::1%2", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("2001:DB8:0::1", "2001:db8::1")]
    [InlineData("lb.example.", "lb.example")]
    public void Address_that_API_servers_reject_is_not_parsed(string? text, string? expected) =>
        Assert.Equal(text == "1" ? new PublishedAddress(null, "1") : expected is null ? null : Assert.NotNull(PublishedAddress.Parse(expected)), PublishedAddress.Parse(text));

    [Fact]
    public void Status_is_compared_as_a_set_of_addresses()
    {
        var status = new V1IngressLoadBalancerStatus { Ingress = [new() { Hostname = "a.example" }, new() { Ip = "203.0.113.9" }, new() { Ip = "203.0.113.9" }] };
        Assert.True(PublishedAddress.Shows(status, [new("203.0.113.9", null), new(null, "a.example")]));
        Assert.False(PublishedAddress.Shows(status, [new("203.0.113.9", null)]));
        Assert.False(PublishedAddress.Shows(status, []));
        Assert.True(PublishedAddress.Shows(null, []));
        Assert.True(PublishedAddress.Shows(new V1IngressLoadBalancerStatus(), []));
        Assert.False(PublishedAddress.Shows(null, [new("203.0.113.9", null)]));
    }

    private static string Describe(StatusOptions options, ResourceName? replicas, ClusterSnapshot snapshot)
    {
        var found = StatusAddresses.Find(options, replicas, snapshot, Nodes);
        return found.Missing is { } missing ? $"- {missing}" : string.Join(" ", found.Addresses);
    }

    private static ClusterSnapshot WithService(string members)
    {
        var service = Read(ResourceTypes.Services, $"{{apiVersion: v1, kind: Service, metadata: {{name: proxy, namespace: ingress}}, {members}}}");
        return ClusterSnapshot.Empty with { Services = ClusterSnapshot.Empty.Services.Add(Proxy, service) };
    }

    private static ClusterSnapshot WithEndpoints(string endpoints) => ClusterSnapshot.Empty with
    {
        Endpoints = EndpointIndex.Empty.Set(Read(
            ResourceTypes.EndpointSlices,
            $"{{metadata: {{name: proxy-1, namespace: ingress, labels: {{kubernetes.io/service-name: proxy}}}}, addressType: IPv4, endpoints: [{endpoints}]}}")),
    };

    private static V1Node Node(params (string Type, string Address)[] addresses) =>
        new() { Status = new V1NodeStatus { Addresses = [.. addresses.Select(address => new V1NodeAddress { Type = address.Type, Address = address.Address })] } };

    private static T Read<T>(ResourceType<T> resource, string yaml)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        System.Text.Json.JsonSerializer.Deserialize(KubernetesYaml.LoadAll(new StringReader(yaml)).Single().Root!, resource.TypeInfo)!;
}
