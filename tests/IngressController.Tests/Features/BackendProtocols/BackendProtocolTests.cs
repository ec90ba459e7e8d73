using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.BackendProtocols;

/// <summary>The protocol to a backend that an Ingress selects.</summary>
public sealed class BackendProtocolTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static int _names;

    private static RequestDelegate DescribeRequest { get; } = context => context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Scheme} {context.Request.Headers.Host}");

    [Theory]
    [InlineData("HTTP", HttpProtocols.Http1, false, "HTTP/1.1 http")]
    [InlineData("https", HttpProtocols.Http1AndHttp2, true, "HTTP/1.1 https")]
    [InlineData("GRPC", HttpProtocols.Http2, false, "HTTP/2 http")]
    [InlineData("grpcs", HttpProtocols.Http2, true, "HTTP/2 https")]
    [InlineData("GRPCS", HttpProtocols.Http1AndHttp2, true, "HTTP/2 https")]
    public async Task The_annotation_selects_the_protocol_to_the_backend(string protocol, HttpProtocols protocols, bool withTls, string expected)
    {
        await using var backend = await KestrelBackend.StartAsync(DescribeRequest, protocols, withTls);
        var host = await ServeAsync(backend.Port, protocol);
        var answer = await proxy.GetAsync(host);
        Assert.Equal($"{expected} {host}", answer.Body);
    }

    [Theory]
    [InlineData("http", 200, 502)]
    [InlineData("https", 502, 200)]
    public async Task AUTO_HTTP_follows_the_scheme_of_the_client(string backendScheme, int cleartext, int encrypted)
    {
        await using var backend = await KestrelBackend.StartAsync(DescribeRequest, HttpProtocols.Http1, withTls: backendScheme == "https");
        var host = await ServeAsync(backend.Port, "AUTO_HTTP");
        Assert.Equal(cleartext, (await proxy.GetAsync(host)).Status);
        using var response = await proxy.Controller.Client.GetAsync($"https://{host}/");
        Assert.Equal(encrypted, (int)response.StatusCode);
    }

    [Fact]
    public async Task Two_Ingresses_can_use_different_protocols_for_one_Service()
    {
        await using var backend = await KestrelBackend.StartAsync(DescribeRequest, HttpProtocols.Http2);
        var name = $"two{++_names}";
        await proxy.AddAsync(
            Manifests.Service(name, [backend.Port]) + AnnotatedManifests.Ingress($"{name}-grpc", $"{name}.example", name, "/grpc", annotations: ("backend-protocol", "GRPC"))
            + AnnotatedManifests.Ingress($"{name}-http", $"{name}.example", name, "/http", annotations: ("backend-protocol", "HTTP")));
        Assert.Equal(200, (await proxy.GetAsync($"{name}.example", "/grpc")).Status);
        // Kestrel responds with 400 to HTTP/1.1 at a port for HTTP/2.
        Assert.Equal(400, (await proxy.GetAsync($"{name}.example", "/http")).Status);
    }

    [Fact]
    public async Task FCGI_returns_503_and_reaches_no_backend()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("reached"));
        Assert.Equal(503, (await proxy.GetAsync(await ServeAsync(backend.Port, "FCGI"))).Status);
        Assert.Equal(0, backend.Accepted);
    }

    [Fact]
    public async Task With_GRPCS_an_external_name_requires_a_trusted_certificate()
    {
        await using var backend = await KestrelBackend.StartAsync(DescribeRequest, HttpProtocols.Http2, withTls: true);
        await using var controller = await TestController.StartAsync(
            $$"""
            apiVersion: v1
            kind: Service
            metadata: {name: outside}
            spec: {type: ExternalName, externalName: localhost}

            """ + AnnotatedManifests.Ingress("outside", "backend.test", "outside", annotations: ("backend-protocol", "GRPCS"))
                .Replace("number: 80", $"number: {backend.Port}", StringComparison.Ordinal),
            options => options with
            {
                Translation = options.Translation with { AllowExternalNameLoopback = true },
                Upstream = options.Upstream with { AllowExternalNameLoopback = true },
            });
        Assert.Equal(502, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: backend.test\r\n\r\n")).Status);
        await controller.Log.WaitForAsync("the certificate of localhost was refused");
    }

    private async Task<string> ServeAsync(int port, string protocol)
    {
        var name = $"p{++_names}";
        await proxy.AddAsync(Manifests.Service(name, [port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, annotations: ("backend-protocol", protocol)));
        return $"{name}.example";
    }
}
