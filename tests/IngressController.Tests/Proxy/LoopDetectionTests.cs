using IngressController.Pipeline;
using IngressController.Tests.Fakes;
using IngressController.Tests.Shutdown;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Proxy;

/// <summary>Backends that are the proxy itself.</summary>
public sealed class LoopDetectionTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    private const string Replica = "yarp-ingress";

    [Fact]
    public async Task A_Service_whose_endpoint_is_the_proxy_returns_508_after_ten_rounds()
    {
        await proxy.AddAsync(Manifests.Service("self", [proxy.Controller.HttpPort]) + Manifests.Ingress("self", "self.example", "self"));
        var response = await proxy.GetAsync("self.example");

        Assert.Equal(508, response.Status);
        Assert.StartsWith("508 Loop Detected", response.Body, StringComparison.Ordinal);
        // The request of the client and eleven rounds, of which the last one exceeds the limit.
        var metrics = proxy.Controller.Services.GetRequiredService<RequestMetrics>();
        Assert.Equal(12, metrics.For(new("default", "self"), new("default", "self")).ByStatusClass(5));
    }

    [Fact]
    public async Task A_Connection_header_does_not_remove_CDN_Loop()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nConnection: CDN-Loop\r\nCDN-Loop: other\r\n\r\n");
        Assert.Matches("^other, yarp-ingress$", received.One("CDN-Loop")!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CDN-Loop: foo.example; a=b\r\n", "foo.example; a=b")]
    [InlineData("CDN-Loop: foo.example\r\ncdn-loop: bar.example, baz\r\n", "foo.example", "bar.example, baz")]
    [InlineData($"CDN-Loop: {Replica}\r\n", Replica)]
    public async Task Values_of_other_proxies_are_kept_and_the_cdn_id_is_appended(string fields, params string[] kept)
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n{fields}\r\n");
        Assert.Matches($"^{string.Concat(kept.Select(value => $"{value}, "))}yarp-ingress$", string.Join(", ", received.All("CDN-Loop")));
    }

    [Theory]
    [InlineData(10, 200)]
    [InlineData(11, 508)]
    public async Task A_loop_through_replicas_returns_508_after_ten_rounds(int replicas, int expected)
    {
        var marks = string.Join(", ", Enumerable.Repeat(Replica, replicas));
        Assert.Equal(expected, (await proxy.GetAsync(proxy.Host, "/", $"CDN-Loop: {marks}\r\n")).Status);
        Assert.Equal(expected, (await proxy.GetAsync(proxy.Host, "/", $"CDN-Loop: {marks.Replace(", ", "\r\nCDN-Loop: ", StringComparison.Ordinal)}\r\n")).Status);
    }
}
