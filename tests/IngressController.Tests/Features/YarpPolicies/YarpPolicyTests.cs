using IngressController.Features.YarpPolicies;
using IngressController.Pipeline;
using IngressController.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Features.YarpPolicies;

/// <summary>Names of policies that Microsoft's YARP ingress controller defines in code.</summary>
public sealed class YarpPolicyTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static int _names;

    [Theory]
    [InlineData("authorization-policy", "anonymous", 200)]
    [InlineData("authorization-policy", "default", 503)]
    [InlineData("authorization-policy", "admins", 503)]
    [InlineData("rate-limiter-policy", "Disable", 200)]
    [InlineData("rate-limiter-policy", "strict", 503)]
    [InlineData("cors-policy", "open", 200)]
    [InlineData("output-cache-policy", "an-hour", 200)]
    public async Task Policies_that_could_deny_access_fail_closed(string annotation, string value, int status)
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        var host = await ServeAsync(backend.Port, annotation, value);
        Assert.Equal(status, (await proxy.GetAsync(host)).Status);
        Assert.Equal(status == 200 ? 1 : 0, backend.Requests.Count);
    }

    [Fact]
    public async Task Metadata_is_in_the_YARP_model_of_the_route()
    {
        var host = await ServeAsync(1, "route-metadata", "team: a\nlevel: \"2\"");
        var route = (ProxyRoute)proxy.Controller.Services.GetRequiredService<LiveRevision>().Current.Hosts.Find(host, "/")!;
        Assert.Equal(new Dictionary<string, string> { ["team"] = "a", ["level"] = "2" }, YarpRouteModel.Of(route).Config.Metadata!.ToDictionary());
    }

    private async Task<string> ServeAsync(int port, string annotation, string value)
    {
        var name = $"y{++_names}";
        await proxy.AddAsync(Manifests.Service(name, [port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, annotations: (annotation, value)));
        return $"{name}.example";
    }
}
