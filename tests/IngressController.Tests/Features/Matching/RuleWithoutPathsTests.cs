using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Matching;

/// <summary>What rules without paths or without a host serve; a diagnostic tells the author of the Ingress.</summary>
public sealed class RuleWithoutPathsTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const string Paths = "{paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}";

    [Theory]
    [InlineData("rules: [{host: app.example}]", 404, 404)]
    [InlineData("rules: [{host: app.example, http: {paths: []}}]", 404, 404)]
    [InlineData("rules: [{host: app.example}], defaultBackend: {service: {name: web, port: {number: 80}}}", 200, 404)]
    [InlineData($"rules: [{{host: app.example}}, {{http: {Paths}}}]", 404, 200)]
    [InlineData($"rules: [{{host: app.example, http: {Paths}}}]", 200, 404)]
    public async Task Requests_get_the_status_that_the_API_describes(string spec, int ofHost, int ofOthers)
    {
        await using var web = WireBackend.Answer(WireBackend.Ok("web"));
        await proxy.Controller.ApplyAsync(Manifests.Service("web", [web.Port]) + Ingress("", spec));

        Assert.Equal(ofHost, (await proxy.GetAsync("app.example", "/x")).Status);
        Assert.Equal(ofOthers, (await proxy.GetAsync("other.example", "/x")).Status);
    }

    [Fact]
    public async Task Rules_of_a_canary_are_not_served()
    {
        await using var web = WireBackend.Answer(WireBackend.Ok("web"));
        await proxy.Controller.ApplyAsync(
            Manifests.Service("web", [web.Port]) + Ingress("nginx.ingress.kubernetes.io/canary: \"true\"", $"rules: [{{host: app.example, http: {Paths}}}]"));

        Assert.Equal(404, (await proxy.GetAsync("app.example", "/x")).Status);
    }

    private static string Ingress(string annotation, string spec) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: app, annotations: { {{annotation}} } }
        spec: {ingressClassName: yarp, {{spec}} }

        """;
}
