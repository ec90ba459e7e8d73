using IngressController.Pipeline;
using IngressController.Routing.Diagnostics;
using IngressController.Tests.Fakes;
using IngressController.Tests.Features.Canary;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.Canary.CanaryFixture;
using static IngressController.Tests.Features.Canary.CanaryShareTests;

namespace IngressController.Tests.Features.BackendWeights;

/// <summary>backend-weights: Services that share the requests of an Ingress.</summary>
public sealed class BackendWeightsTests(CanaryFixture proxy) : IClassFixture<CanaryFixture>
{
    [Theory]
    [InlineData("main=80,next=20", 0.8, 0.2, 0.0)]
    [InlineData("next=1, beta=1", 0.0, 0.5, 0.5)]
    [InlineData("main=1000000,next=1000000,beta=2000", 0.4995, 0.4995, 0.000999)]
    [InlineData("main=3,next=0,beta=1", 0.75, 0.0, 0.25)]
    [InlineData("main=50,absent=25,next=50", 0.5, 0.5, 0.0)]
    public async Task Services_share_the_requests_by_weight(string weights, double main, double next, double beta)
    {
        var counts = await DrawAsync(MainOf("app.example", annotations: $"backend-weights: \"{weights}\""));
        var total = counts.Values.Sum();
        AssertShare(main, counts.GetValueOrDefault("main"), total);
        AssertShare(next, counts.GetValueOrDefault("next"), total);
        AssertShare(beta, counts.GetValueOrDefault("beta"), total);
    }

    [Theory]
    [InlineData("next=1", "next")]
    [InlineData("main=0,next=1", "next")]
    [InlineData("main=1,next=0", "main")]
    [InlineData("none=99,next=1", "next")]
    [InlineData("missing=99,next=1", "next")]
    [InlineData("main=0,none=1", "503")]
    [InlineData("none=1,missing=1", "503")]
    public async Task Only_Services_with_a_weight_and_endpoints_get_requests(string weights, string backend)
    {
        var host = await ServeAsync(weights);
        for (var i = 0; i < 10; i++)
            Assert.Equal(backend, await proxy.AskAsync(host));
    }

    [Theory]
    [InlineData("next")]
    [InlineData("next=")]
    [InlineData("next=x")]
    [InlineData("next=-1")]
    [InlineData("next=0")]
    [InlineData("next=1,next=1")]
    [InlineData("other/next=1")]
    public async Task An_invalid_value_sends_all_to_the_Service_of_the_path(string weights)
    {
        var host = await ServeAsync(weights);
        Assert.Equal("main", await proxy.AskAsync(host));
        Assert.Contains(
            proxy.Controller.Services.GetRequiredService<LiveRevision>().Current.Translation.CollectDiagnostics(),
            diagnostic => diagnostic.Code == DiagnosticCode.AnnotationInvalid && diagnostic.Subject.Name.Name == $"main-{host}");
    }

    [Fact]
    public async Task A_canary_is_asked_before_the_weights()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host, annotations: "backend-weights: \"next=1\"") + CanaryOf(host, "beta", ("canary-by-header", "X-Canary")));
        Assert.Equal("next", await proxy.AskAsync(host));
        Assert.Equal("beta", await proxy.AskAsync(host, "X-Canary: always\r\n"));
    }

    [Fact]
    public async Task A_canary_of_Services_without_endpoints_is_503()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(
            MainOf(host, annotations: "backend-weights: \"none=1\"") + CanaryOf(host, "beta", ("canary-by-header", "X-Canary")));
        Assert.Equal("503", await proxy.AskAsync(host, "X-Canary: always\r\n"));
    }

    [Theory]
    [InlineData("none=1,next=1", "next")]
    [InlineData("none=1,missing=1", "gamma")]
    [InlineData("none=1,next=0", "gamma")]
    public async Task The_default_backend_serves_if_none_has_an_endpoint(string weights, string backend)
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, annotations: $"backend-weights: \"{weights}\", default-backend: gamma"));
        for (var i = 0; i < 5; i++)
            Assert.Equal(backend, await proxy.AskAsync(host));
    }

    [Fact]
    public async Task Each_path_of_the_Ingress_has_the_weights_with_its_own_port()
    {
        var host = proxy.NewHost();
        await using var other = WireBackend.Answer(WireBackend.Ok("other port"));
        await proxy.AddAsync(Manifests.Service("ported", [other.Port]).Replace("port: 80", "port: 81", StringComparison.Ordinal)
            + MainOf(host, annotations: "backend-weights: \"ported=1\"").Replace("number: 80", "number: 81", StringComparison.Ordinal));
        Assert.Equal("other port", await proxy.AskAsync(host));
    }

    private async Task<string> ServeAsync(string weights)
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(MainOf(host, annotations: $"backend-weights: \"{weights}\""));
        return host;
    }
}
