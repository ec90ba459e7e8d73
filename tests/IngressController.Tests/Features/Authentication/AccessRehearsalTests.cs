using System.Net;
using IngressController.Features.Authentication;
using IngressController.Observability;
using IngressController.Proxy;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Table;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using RouteDefinition = IngressController.Routing.Table.Route;

namespace IngressController.Tests.Features.Authentication;

/// <summary>A rehearsal decides what can be decided for nothing, and asks nobody.</summary>
public sealed class AccessRehearsalTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static readonly IpNetworkSet Loopback = IpNetworkSet.TryParse("127.0.0.0/8", out var set, out _) ? set : IpNetworkSet.Empty;

    private static readonly IpNetworkSet Elsewhere = IpNetworkSet.TryParse("192.0.2.0/24", out var set, out _) ? set : IpNetworkSet.Empty;

    [Fact]
    public async Task Addresses_are_looked_at()
    {
        Assert.Null(await RehearseAsync([new IpAccessPolicy(Loopback, Elsewhere)]));
        Assert.Equal(403, await RehearseAsync([new IpAccessPolicy(Elsewhere, null)]));
        Assert.Equal(403, await RehearseAsync([new IpAccessPolicy(null, Loopback)]));
    }

    [Fact]
    public async Task A_missing_password_is_seen_and_a_present_one_is_not_verified()
    {
        Assert.Equal(401, await RehearseAsync([Users()]));
        Assert.Null(await RehearseAsync([Users()], "Basic YWxpY2U6d3Jvbmc="));
    }

    [Fact]
    public async Task The_authentication_service_is_not_asked()
    {
        await using var auth = WireBackend.Answer("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        var policy = new ExternalAuthPolicy { Url = ExternalAuthFeature.AuthUrl.Form.Read($"http://127.0.0.1:{auth.Port}/check").Value };
        Assert.Null(await RehearseAsync([policy]));
        Assert.Null(await RehearseAsync([policy, Users(), new SatisfyAnyPolicy()]));
        Assert.Equal(0, auth.Accepted);
    }

    [Fact]
    public void A_step_says_what_it_would_ask()
    {
        var policy = new ExternalAuthPolicy { Url = ExternalAuthFeature.AuthUrl.Form.Read("https://auth.example/check").Value };
        var plan = RequestPipeline.PlanOf(Context([new IpAccessPolicy(Loopback, Elsewhere), Users(), policy]));
        Assert.Equal(["deny list", "allow list", "basic authentication", "external authentication"], plan.Steps.Select(step => step.Name));
        Assert.Contains("GET https://auth.example/check", plan.Steps[^1].Describe(), StringComparison.Ordinal);
        Assert.DoesNotContain("PLAIN", plan.Steps[2].Describe(), StringComparison.Ordinal);
        var any = RequestPipeline.PlanOf(Context([new IpAccessPolicy(Loopback, Elsewhere), Users(), policy, new SatisfyAnyPolicy()]));
        Assert.Equal(["deny list", "satisfy any"], any.Steps.Select(step => step.Name));
    }

    private static BasicAuthPolicy Users()
    {
        Assert.True(PasswordHash.TryParse("{PLAIN}secret", out var hash, out _));
        return new(new CredentialSet([KeyValuePair.Create("alice", hash)]), "", new ResourceName("default", "users"), []);
    }

    /// <summary>The status of the answer; null when the request would go on.</summary>
    private async Task<int?> RehearseAsync(RoutePolicy[] policies, string? authorization = null)
    {
        var step = Context(policies);
        var plan = RequestPipeline.PlanOf(step);
        var route = new ProxyRoute(step.Host, step.Definition, null, new RequestMetrics().Unmatched, plan);
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/";
        context.Request.Method = "GET";
        context.Request.Headers.Host = "app.example";
        context.Request.Headers.Authorization = authorization;
        context.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:127.0.0.1");
        foreach (var each in plan.Steps)
        {
            if (!await each.RehearseAsync(context, route))
                return context.Response.StatusCode;
        }

        return null;
    }

    private StepContext Context(RoutePolicy[] policies)
    {
        var name = new ResourceName("default", "app");
        var definition = new RouteDefinition(new RouteOrigin(name, 0, 0), PathMatch.Root, new RouteAction.Forward(new BackendId(name, "80")))
        {
            Policies = new RoutePolicies([.. policies], []),
        };
        var services = proxy.Controller.Services.GetRequiredService<StepServices>() with
        {
            Passwords = new BasicAuthenticator(new(), TimeProvider.System, (_, _) => throw new InvalidOperationException("a password was verified")),
        };
        return new StepContext("app.example", definition, null, services);
    }
}
