using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ServiceUpstream;

/// <summary>service-upstream over real connections: the cluster IP is 127.0.0.1, and its port that of a backend.</summary>
public sealed class ServiceUpstreamTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task Requests_reach_the_cluster_IP_and_not_the_endpoints_and_no_cookie_is_set()
    {
        await using var ofCluster = WireBackend.Answer(WireBackend.Ok("cluster IP"));
        await using var endpoint = WireBackend.Answer(WireBackend.Ok("endpoint"));
        await proxy.AddAsync($$"""
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: meshed}
            spec: {clusterIP: 127.0.0.1, ports: [{port: {{ofCluster.Port}}, targetPort: {{endpoint.Port}}}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: meshed-1, labels: {kubernetes.io/service-name: meshed} }
            addressType: IPv4
            ports: [{port: {{endpoint.Port}}}]
            endpoints: [{addresses: [127.0.0.1]}]

            """
            + Manifests.Ingress("meshed", "meshed.example", "meshed", annotations: "service-upstream: \"true\", affinity: cookie").Replace("number: 80", $"number: {ofCluster.Port}", StringComparison.Ordinal)
            + Manifests.Ingress("plain", "plain.example", "meshed", annotations: "affinity: cookie").Replace("number: 80", $"number: {ofCluster.Port}", StringComparison.Ordinal));
        for (var i = 0; i < 3; i++)
        {
            var response = await proxy.GetAsync("meshed.example");
            Assert.Equal("cluster IP", response.Body);
            Assert.Empty(response.All("Set-Cookie"));
        }

        var plain = await proxy.GetAsync("plain.example");
        Assert.Equal("endpoint", plain.Body);
        Assert.NotNull(plain.One("Set-Cookie"));
    }
}
