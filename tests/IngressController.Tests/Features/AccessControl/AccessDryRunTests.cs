using System.Net;
using IngressController.Pipeline;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Features.AccessControl;

/// <summary>A dry run decides the checks without cost, and calls no service.</summary>
public sealed class AccessDryRunTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static readonly (string, string)[] Users = [("auth-type", "basic"), ("auth-secret", "users")];

    [Theory]
    [InlineData("allowlist-source-range", "127.0.0.0/8", null)]
    [InlineData("allowlist-source-range", "192.0.2.0/24", 403)]
    [InlineData("denylist-source-range", "127.0.0.0/8", 403)]
    [InlineData("denylist-source-range", "192.0.2.0/24", null)]
    public async Task Allow_and_deny_lists_are_decided_in_a_dry_run(string name, string list, int? status) => Assert.Equal(status, await DryRunAsync(await RouteAsync((name, list))));

    [Fact]
    public async Task A_missing_password_is_refused_and_a_present_one_is_not_verified()
    {
        var route = await RouteAsync(Users);
        Assert.Equal(401, await DryRunAsync(route));
        Assert.Null(await DryRunAsync(route, "Basic YWxpY2U6d3Jvbmc="));
    }

    [Fact]
    public async Task The_authentication_service_is_not_called()
    {
        await using var auth = WireBackend.Answer("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        var url = ("auth-url", $"http://127.0.0.1:{auth.Port}/check");
        Assert.Null(await DryRunAsync(await RouteAsync(url)));
        Assert.Null(await DryRunAsync(await RouteAsync([url, .. Users, ("satisfy", "any")])));
        Assert.Equal(0, auth.Accepted);
    }

    [Fact]
    public async Task A_step_describes_its_check()
    {
        (string, string)[] all = [("denylist-source-range", "192.0.2.0/24"), ("allowlist-source-range", "127.0.0.0/8"), .. Users, ("auth-url", "https://auth.example/check")];
        var steps = Access(await RouteAsync(all));
        Assert.Equal(["deny list", "allow list", "basic authentication", "external authentication"], steps.Select(step => step.Name));
        Assert.Contains("GET https://auth.example/check", steps[^1].Describe(ProxyRequests.EmptyRevision), StringComparison.Ordinal);
        Assert.DoesNotContain("PLAIN", steps[2].Describe(ProxyRequests.EmptyRevision), StringComparison.Ordinal);
        Assert.Equal(["deny list", "satisfy any"], Access(await RouteAsync([.. all, ("satisfy", "any")])).Select(step => step.Name));
    }

    private async Task<ProxyRoute> RouteAsync(params (string, string)[] annotations)
    {
        await proxy.AddSecretAsync("users", "auth", "alice:{PLAIN}secret\\n");
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await proxy.ServeAsync(backend, annotations);
        return proxy.Controller.Services.GetRequiredService<LiveRevision>().Current.Hosts.Find(host, "/") is ProxyRoute route ? route : throw new InvalidOperationException($"{host} has no route");
    }

    private static RequestStep[] Access(ProxyRoute route) =>
        [.. route.Plan.Steps.Where(step => step.GetType().Namespace is "IngressController.Features.AccessControl" or "IngressController.Features.IpAccess")];

    /// <summary>The status of the local reply; null if the request would continue.</summary>
    private static async Task<int?> DryRunAsync(ProxyRoute route, string? authorization = null)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/";
        context.Request.Method = "GET";
        context.Request.Headers.Host = route.Host;
        context.Request.Headers.Authorization = authorization;
        context.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:127.0.0.1");
        foreach (var step in Access(route))
        {
            if (!await step.DryRunAsync(ProxyRequests.Of(context, route)))
                return context.Response.StatusCode;
        }

        return null;
    }
}
