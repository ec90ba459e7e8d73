using System.Net;
using System.Net.WebSockets;
using IngressController.Configuration;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Settings;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.ExternalAuthentication;

/// <summary>auth-url with WebSockets and gRPC, and global-auth-url.</summary>
public sealed class ExternalAuthProtocolTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static async Task GreetAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes($"{context.Request.Headers["X-User"]}"), WebSocketMessageType.Text, true, context.RequestAborted);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    }

    [Theory]
    [InlineData("ws", 1)]
    [InlineData("wss", 2)]
    public async Task A_WebSocket_requires_authentication_by_the_service(string scheme, int version)
    {
        await using var backend = await KestrelBackend.StartAsync(GreetAsync);
        await using var auth = WireBackend.Answer(request => request.One("Cookie") == "s=1"
            ? "HTTP/1.1 200 OK\r\nX-User: alice\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        var host = $"ws{version}.example";
        await proxy.ServeAtAsync(host, "/", backend.Port, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-response-headers", "X-User"));

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var stranger = Socket(version, null);
        await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(new Uri($"{scheme}://{host}/"), proxy.Controller.Client, timeout.Token));
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.HttpStatusCode);

        using var known = Socket(version, "s=1");
        await known.ConnectAsync(new Uri($"{scheme}://{host}/"), proxy.Controller.Client, timeout.Token);
        var buffer = new byte[100];
        var received = await known.ReceiveAsync(buffer, timeout.Token);
        Assert.Equal("alice", System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count));
        Assert.All(auth.Requests, authRequest =>
        {
            Assert.Equal("GET", authRequest.Method);
            Assert.Equal("GET", authRequest.One("X-Original-Method"));
            Assert.Null(authRequest.One("Upgrade"));
            Assert.DoesNotContain("pgrade", authRequest.One("Connection") ?? "", StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Metadata_of_a_gRPC_call_comes_from_the_service()
    {
        await using var backend = await KestrelBackend.StartAsync(context =>
        {
            context.Response.Headers["X-Seen"] = context.Request.Headers["x-user"];
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "0";
            return Task.CompletedTask;
        }, HttpProtocols.Http2);
        await using var auth = WireBackend.Answer(request => request.One("authorization") == "Bearer good"
            ? "HTTP/1.1 200 OK\r\nX-User: alice\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        await proxy.ServeAtAsync(
            "grpc.example", "/", backend.Port, "kubernetes.io/h2c", ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-response-headers", "X-User"));
        foreach (var (token, status) in new[] { ("good", HttpStatusCode.OK), ("bad", HttpStatusCode.Forbidden) })
        {
            using var call = new HttpRequestMessage(HttpMethod.Post, "https://grpc.example/s/Call") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            call.Content = new ByteArrayContent([0, 0, 0, 0, 0]);
            call.Content.Headers.ContentType = new("application/grpc");
            call.Headers.Add("TE", "trailers");
            call.Headers.Add("authorization", $"Bearer {token}");
            call.Headers.Add("x-user", "admin");
            using var response = await proxy.Controller.Client.SendAsync(call);
            Assert.Equal(status, response.StatusCode);
            if (status == HttpStatusCode.OK)
                Assert.Equal(["alice"], response.Headers.GetValues("X-Seen"));
        }
    }

    [Fact]
    public async Task The_global_service_is_called_for_every_Ingress_that_does_not_opt_out()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var global = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        await using var own = WireBackend.Answer(WireBackend.Ok(""));
        await using var fixture = new WithGlobalAuth($"http://127.0.0.1:{global.Port}/all");
        await fixture.InitializeAsync();
        var silent = await fixture.ServeAsync(backend);
        var typo = await fixture.ServeAsync(backend, ("enable-global-auth", "no"));
        var optedOut = await fixture.ServeAsync(backend, ("enable-global-auth", "false"));
        var replaced = await fixture.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{own.Port}/own"));
        await fixture.ServeAtAsync(silent, "/.well-known/acme-challenge", backend.Port);
        // Routes share plans, but an exempt path must not exempt others.
        await fixture.ServeAtAsync("0.example", "/.well-known/acme-challenge", backend.Port);
        await fixture.ServeAtAsync("0.example", "/", backend.Port);

        Assert.Equal(302, (await fixture.GetAsync(silent)).Status);
        Assert.Equal($"https://login.example/?rd=http://{silent}%2Fx", (await fixture.GetAsync(silent, "/x")).One("Location"));
        Assert.Equal(302, (await fixture.GetAsync(typo)).Status);
        Assert.Equal(200, (await fixture.GetAsync("0.example", "/.well-known/acme-challenge/x")).Status);
        Assert.Equal(302, (await fixture.GetAsync("0.example", "/x")).Status);
        Assert.Equal(4, global.Requests.Count);
        Assert.All(global.Requests, authRequest => Assert.Equal("/all", authRequest.Target));
        Assert.Equal(200, (await fixture.GetAsync(optedOut)).Status);
        Assert.Equal(200, (await fixture.GetAsync(replaced)).Status);
        Assert.Equal(200, (await fixture.GetAsync(silent, "/.well-known/acme-challenge/x")).Status);
        Assert.Equal((4, 1), (global.Requests.Count, own.Requests.Count));
    }

    private static ClientWebSocket Socket(int version, string? cookie)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(version, version == 1 ? 1 : 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        if (cookie is not null)
            socket.Options.SetRequestHeader("Cookie", cookie);
        return socket;
    }

    private sealed class WithGlobalAuth(string url) : AccessFixture, IAsyncDisposable
    {
        public override IngressOptions Configure(IngressOptions options)
        {
            options = base.Configure(options);
            var auth = new ExternalAuthSettings { Url = ExternalAuthFeature.AuthUrl.Form.Read(url).Value, SignIn = ExternalAuthFeature.AuthSignin.Form.Read("https://login.example/").Value };
            return options with { Translation = options.Translation with { Global = GlobalSettings.Default.With(new AuthenticationSettings { Global = auth }) } };
        }

        public new ValueTask DisposeAsync() => new(base.DisposeAsync());
    }
}
