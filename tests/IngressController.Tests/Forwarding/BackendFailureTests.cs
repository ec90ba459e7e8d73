using IngressController.Tests.Fakes;

namespace IngressController.Tests.Forwarding;

/// <summary>Responses to clients if a backend fails.</summary>
public sealed class BackendFailureTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task Without_endpoints_a_rule_returns_503_and_does_not_fall_through()
    {
        await using var other = WireBackend.Answer(WireBackend.Ok("other"));
        await proxy.AddAsync(
            Manifests.Service("empty", []) + Manifests.Service("full", [other.Port])
            + Manifests.Ingress("f1", "empty.example", "full") + Manifests.Ingress("f2", "empty.example", "empty", "/empty")
            + Manifests.Ingress("f3", "empty.example", "missing", "/missing"));
        Assert.Equal(200, (await proxy.GetAsync("empty.example")).Status);
        Assert.Equal(503, (await proxy.GetAsync("empty.example", "/empty/x")).Status);
        Assert.Equal(503, (await proxy.GetAsync("empty.example", "/missing")).Status);
        Assert.Equal("application/problem+json", (await proxy.GetAsync("empty.example", "/empty", "Accept: application/json\r\n")).One("Content-Type"));
    }

    [Fact]
    public async Task A_refused_connection_returns_502()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var response = await proxy.GetAsync(await proxy.ServeAsync([port]));
        Assert.Equal(502, response.Status);
        Assert.DoesNotContain("127.0.0.1", response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_closed_or_reset_before_the_response_returns_502(bool reset)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            if (reset)
                connection.Reset();
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }
}
