using System.Net;
using IngressController.Configuration;
using IngressController.Features.ExternalAuthentication;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Table;
using IngressController.Routing.Values;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using RouteDefinition = IngressController.Routing.Table.Route;

namespace IngressController.Tests.Features.ExternalAuthentication;

/// <summary>An authentication service that fails denies access, and forbidden addresses are never called.</summary>
public sealed class ExternalAuthFailureTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    [Fact]
    public async Task A_service_that_refuses_connections_returns_500_and_is_logged()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{port}/"));
        Assert.Equal(500, (await proxy.GetAsync(host)).Status);
        Assert.Empty(backend.Requests);
        await proxy.Controller.Log.WaitForAsync($"the authentication service http://127.0.0.1:{port}/ failed");
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200")]
    [InlineData("SSH-2.0-OpenSSH_9\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    public async Task A_truncated_or_invalid_response_of_the_service_returns_500(string response)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(response);
        });
        Assert.Equal(500, (await proxy.GetAsync(await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/")))).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_response_with_too_large_headers_returns_500()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: {new string('x', 1000)}\r\n"))}\r\n");
        Assert.Equal(500, (await proxy.GetAsync(await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/")))).Status);
    }

    [Fact]
    public async Task An_endless_body_does_not_delay_the_request()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbegin");
            // Sends until the proxy closes the connection.
            await connection.ReadToEndAsync();
        });
        Assert.Equal(200, (await proxy.GetAsync(await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/")))).Status);
    }

    [Fact]
    public async Task The_certificate_of_a_service_is_verified()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = await KestrelBackend.StartAsync(_ => Task.CompletedTask, withTls: true);
        Assert.Equal(500, (await proxy.GetAsync(await proxy.ServeAsync(backend, ("auth-url", $"https://127.0.0.1:{auth.Port}/")))).Status);
        await proxy.Controller.Log.WaitForAsync("the certificate of 127.0.0.1 was refused");
    }

    [Fact]
    public async Task A_service_behind_its_own_protected_path_is_a_detected_loop()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = "loop.example";
        await proxy.ServeAtAsync(host, "/", backend.Port, ("auth-url", $"http://127.0.0.1:{proxy.Controller.HttpPort}/loop"));
        // The rule without a host is protected by itself.
        await proxy.ServeAtAsync("", "/loop", backend.Port, ("auth-url", $"http://127.0.0.1:{proxy.Controller.HttpPort}/loop"));
        Assert.Equal(500, (await proxy.GetAsync(host)).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task A_service_without_a_response_times_out_after_60_seconds()
    {
        await using var silent = WireBackend.Start(connection => connection.ReadToEndAsync());
        var time = new ManualTimeProvider();
        using var authenticator = Authenticator(time, allowLocal: true);
        var (authRequest, policy, route) = Route($"http://127.0.0.1:{silent.Port}/");
        var response = authenticator.AuthenticateAsync(authRequest, policy, null, ProxyRequests.Of(Request(), route));
        time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.False(response.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null(await response.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [InlineData("http://127.0.0.1:{port}/")]
    [InlineData("http://[::1]:{port}/")]
    [InlineData("http://localhost:{port}/")]
    [InlineData("http://app.localhost.:{port}/")]
    [InlineData("http://rebinding.example:{port}/")]
    [InlineData("http://$service_name.example:{port}/")]
    public async Task Local_addresses_are_refused_at_connection_time(string url)
    {
        await using var inside = WireBackend.Answer(WireBackend.Ok(""));
        using var authenticator = Authenticator(TimeProvider.System, allowLocal: false);
        var (authRequest, policy, route) = Route(url.Replace("{port}", $"{inside.Port}", StringComparison.Ordinal));
        Assert.Null(await authenticator.AuthenticateAsync(authRequest, policy, null, ProxyRequests.Of(Request(), route)));
        Assert.Equal(0, inside.Accepted);
    }

    [Theory]
    [InlineData("http://auth.example.com/", "auth.example.com.")]
    [InlineData("http://auth/", "auth.")]
    [InlineData("http://auth.tools.svc/", "auth.tools.svc")]
    [InlineData("http://auth.tools.svc.cluster.local/", "auth.tools.svc.cluster.local.")]
    public async Task Names_are_absolute_except_for_names_of_Services(string url, string expected)
    {
        string? resolved = null;
        using var authenticator = new ExternalAuthenticator(new UpstreamOptions(), (name, _) =>
        {
            resolved = name;
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        }, TimeProvider.System, NullLogger<ExternalAuthenticator>.Instance);
        var (authRequest, policy, route) = Route(url);
        Assert.Null(await authenticator.AuthenticateAsync(authRequest, policy, null, ProxyRequests.Of(Request(), route)));
        Assert.Equal(expected, resolved);
    }

    [Fact]
    public async Task A_client_that_disconnects_cancels_the_request_to_the_service()
    {
        await using var silent = WireBackend.Start(connection => connection.ReadToEndAsync());
        using var authenticator = Authenticator(TimeProvider.System, allowLocal: true);
        var (authRequest, policy, route) = Route($"http://127.0.0.1:{silent.Port}/");
        using var gone = new CancellationTokenSource();
        var context = Request();
        context.RequestAborted = gone.Token;
        var response = authenticator.AuthenticateAsync(authRequest, policy, null, ProxyRequests.Of(context, route));
        await gone.CancelAsync();
        Assert.Null(await response.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static ExternalAuthenticator Authenticator(TimeProvider time, bool allowLocal) => new(
        new UpstreamOptions { AllowExternalNameLoopback = allowLocal }, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("169.254.169.254")]),
        time, NullLogger<ExternalAuthenticator>.Instance);

    private static DefaultHttpContext Request()
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/";
        context.Request.Scheme = "http";
        context.Request.Method = "GET";
        context.Request.Headers.Host = "app.example";
        return context;
    }

    private static (ExternalAuthRequest Question, ExternalAuthPolicy Policy, ProxyRoute Route) Route(string url)
    {
        var form = ExternalAuthFeature.AuthUrl.Form.Read(url);
        Assert.Null(form.Problem);
        var policy = new ExternalAuthPolicy { Url = form.Value };
        var name = new ResourceName("default", "app");
        var definition = new RouteDefinition(new RouteOrigin(name, 0, 0), PathMatch.Root, new RouteAction.Forward(new BackendId(name, "80")));
        return (new ExternalAuthRequest(policy), policy, new ProxyRoute("app.example", definition, null, new RequestMetrics().Unmatched, RoutePlan.Empty));
    }
}
