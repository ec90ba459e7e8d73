using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

public sealed class DefaultBackendFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var patient = base.Configure(options);
        return patient with { Translation = patient.Translation with { DefaultBackendService = new("default", "fallback") } };
    }
}

/// <summary>The requests that --default-backend-service receives.</summary>
public sealed class DefaultBackendTests(DefaultBackendFixture proxy) : IClassFixture<DefaultBackendFixture>
{
    [Fact]
    public async Task The_default_backend_serves_unmatched_requests_and_returns_503_without_endpoints()
    {
        await using var fallback = WireBackend.Answer(WireBackend.Ok("fallback"));
        await using var app = WireBackend.Answer(WireBackend.Ok("app"));
        var others = Manifests.Service("app", [app.Port]) + Manifests.Ingress("i", "app.example", "app", "/app");

        await proxy.Controller.ApplyAsync(others + Manifests.Service("fallback", [fallback.Port]));
        Assert.Equal("app", (await proxy.GetAsync("app.example", "/app")).Body);
        Assert.Equal("fallback", (await proxy.GetAsync("app.example", "/other")).Body);
        Assert.Equal("fallback", (await proxy.GetAsync("unknown.example", "/x?y")).Body);
        Assert.Equal(("/x?y", "unknown.example"), (fallback.Requests.Last().Target, fallback.Requests.Last().One("Host")));

        await proxy.Controller.ApplyAsync(others + Manifests.Service("fallback", []));
        Assert.Equal(503, (await proxy.GetAsync("unknown.example")).Status);
        Assert.Equal("app", (await proxy.GetAsync("app.example", "/app")).Body);
    }

    [Fact]
    public async Task The_first_TCP_port_of_the_default_backend_is_used()
    {
        await using var fallback = WireBackend.Answer(WireBackend.Ok("fallback"));

        await proxy.Controller.ApplyAsync(Manifests.Service("fallback", [fallback.Port])
            .Replace("ports: [{port: 80", "ports: [{name: quic, port: 80, protocol: UDP}, {name: http, port: 80", StringComparison.Ordinal)
            .Replace($"{{port: {fallback.Port}}}", $"{{name: http, port: {fallback.Port}}}", StringComparison.Ordinal));

        Assert.Equal("fallback", (await proxy.GetAsync("unknown.example")).Body);
    }
}
