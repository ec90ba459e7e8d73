using System.Net;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.ErrorPages;

/// <summary>custom-http-errors for responses of the backend, whichever way they are forwarded.</summary>
public abstract class ReplacedResponseTests
{
    private readonly ErrorPageFixture _proxy;

    protected ReplacedResponseTests(ErrorPageFixture proxy)
    {
        _proxy = proxy;
        proxy.Reset();
    }

    private static (string, string)[] Codes(string codes) => [("custom-http-errors", codes), ("default-backend", "pages")];

    private static string Error(int status, string fields = "", string body = "secret") =>
        $"HTTP/1.1 {status} Reason of the backend\r\nX-Backend: yes\r\nSet-Cookie: a=1\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(499)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(599)]
    public async Task A_page_replaces_the_response(int status)
    {
        await using var backend = WireBackend.Answer(Error(status));
        var host = await _proxy.ServeAsync(backend, Codes("400,404,499,500,503,599"));

        var response = await _proxy.GetAsync(host, "/a/b?c=%20d", "Accept: text/html, */*;q=0.1\r\n");

        Assert.Equal((299, $"page {status}", "text/html", "yes"), (response.Status, response.Body, response.One("Content-Type"), response.One("X-Page")));
        Assert.Empty(response.All("X-Backend").Concat(response.All("Set-Cookie")));
        Assert.DoesNotContain("backend", response.Start, StringComparison.Ordinal);
        var page = Assert.Single(_proxy.Pages.Requests);
        Assert.Equal("GET / HTTP/1.1", page.Start);
        var service = host.Split('.')[0];
        Assert.Equal(($"{status}", "text/html, */*;q=0.1", "/a/b?c=%20d", "default"), (page.One("X-Code"), page.One("X-Format"), page.One("X-Original-URI"), page.One("X-Namespace")));
        Assert.StartsWith(service, page.One("X-Ingress-Name"), StringComparison.Ordinal);
        Assert.StartsWith(service, page.One("X-Service-Name"), StringComparison.Ordinal);
        Assert.Equal(("80", host, "127.0.0.1"), (page.One("X-Service-Port"), page.One("Host"), page.One("X-Forwarded-For")));
        Assert.Equal(Assert.Single(backend.Requests).One("X-Request-ID"), page.One("X-Request-ID"));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(301)]
    [InlineData(403)]
    [InlineData(502)]
    public async Task Other_statuses_pass(int status)
    {
        await using var backend = WireBackend.Answer(Error(status));
        var host = await _proxy.ServeAsync(backend, Codes("404,503"));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((status, "secret", "yes"), (response.Status, response.Body, response.One("X-Backend")));
        Assert.Empty(_proxy.Pages.Requests);
    }

    [Fact]
    public async Task The_request_for_a_page_has_no_body_and_none_of_the_clients_own_error_headers()
    {
        await using var backend = WireBackend.Answer(Error(404));
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        var response = await _proxy.ExchangeAsync(
            $"PUT /x HTTP/1.1\r\nHost: {host}\r\nX-Code: 1\r\nx_code: 1\r\nX-Format: f\r\nX-Original-URI: /forged\r\nX_Original-URI: /forged\r\nX-Namespace: n\r\n"
            + "X-Ingress-Name: i\r\nX-Service-Name: s\r\nX-Service-Port: p\r\nX-Request-ID: r\r\nAuthorization: Bearer t\r\nX-API-Key: k\r\nRange: bytes=0-1\r\nIf-None-Match: \"a\"\r\n"
            + "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\nIf-Match: *\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nAccept-Language: de\r\nCookie: c=1\r\n\r\nbody");
        Assert.Equal((299, "page 404"), (response.Status, response.Body));
        var page = Assert.Single(_proxy.Pages.Requests);
        Assert.Equal(("GET / HTTP/1.1", ""), (page.Start, page.Body));
        Assert.Equal(("404", "/x", "default", "80"), (page.One("X-Code"), page.One("X-Original-URI"), page.One("X-Namespace"), page.One("X-Service-Port")));
        Assert.NotEqual("r", page.One("X-Request-ID"));
        Assert.Equal(("de", "c=1"), (page.One("Accept-Language"), page.One("Cookie")));
        foreach (var name in (string[])["X-Format", "x_code", "X_Original-URI", "Authorization", "X-API-Key", "Range", "If-None-Match", "If-Modified-Since", "If-Match", "Content-Type", "Content-Length", "Transfer-Encoding"])
            Assert.Empty(page.All(name));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(503)]
    public async Task The_status_is_that_of_the_page(int status)
    {
        await using var backend = WireBackend.Answer(Error(500));
        _proxy.Page = _ => $"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok";
        var host = await _proxy.ServeAsync(backend, Codes("500"));
        Assert.Equal((status, "ok"), ((await _proxy.GetAsync(host)).Status, (await _proxy.GetAsync(host)).Body));
    }

    [Fact]
    public async Task A_page_without_content_has_none()
    {
        await using var backend = WireBackend.Answer(Error(500));
        _proxy.Page = _ => "HTTP/1.1 204 No Content\r\n\r\n";
        var host = await _proxy.ServeAsync(backend, Codes("500"));
        await using var client = await _proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var response = await client.ReadResponseAsync();
            Assert.Equal(204, response.Status);
            Assert.Empty(response.All("Content-Length").Concat(response.All("Transfer-Encoding")));
        }
    }

    [Fact]
    public async Task HEAD_gets_the_head_of_the_page_and_the_connection_stays_usable()
    {
        await using var backend = WireBackend.Answer(request => $"HTTP/1.1 404 X\r\nContent-Length: 6\r\n\r\n{(request.Method == "HEAD" ? "" : "secret")}");
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        await using var client = await _proxy.ConnectAsync();
        await client.SendAsync($"HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var head = await client.ReadResponseAsync("HEAD");
        Assert.Equal((299, "8", "text/html"), (head.Status, head.One("Content-Length"), head.One("Content-Type")));
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal("page 404", (await client.ReadResponseAsync()).Body);
    }

    [Fact]
    public async Task Clients_of_HTTP_2_get_pages()
    {
        await using var backend = WireBackend.Answer(Error(404));
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://{host}/x") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StringContent("body") };
        using var response = await _proxy.Controller.Client.SendAsync(request);
        Assert.Equal((299, "page 404"), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_page_in_chunks_keeps_its_trailers()
    {
        await using var backend = WireBackend.Answer(Error(404));
        _proxy.Page = _ => "HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nX-End: t\r\n\r\n";
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await _proxy.Controller.Client.SendAsync(request);
        Assert.Equal("abcdef", await response.Content.ReadAsStringAsync());
        Assert.Equal("t", Assert.Single(response.TrailingHeaders.GetValues("X-End")));
    }

    [Fact]
    public async Task A_short_response_in_chunks_with_trailers_leaves_its_connection_usable()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n6\r\nsecret\r\n0\r\nX-End: t\r\n\r\n");
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        for (var i = 0; i < 3; i++)
            Assert.Equal("page 404", (await _proxy.GetAsync(host)).Body);
        Assert.Equal((3, 1), (backend.Requests.Count, backend.Accepted));
    }

    [Fact]
    public async Task A_response_without_end_is_not_waited_for()
    {
        var closed = new TaskCompletionSource();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n");
            try
            {
                while (true)
                    await connection.SendAsync($"1000\r\n{new string('x', 4096)}\r\n");
            }
            finally
            {
                closed.SetResult();
            }
        });
        var host = await _proxy.ServeAsync(backend.Port, Codes("404"));
        Assert.Equal("page 404", (await _proxy.GetAsync(host)).Body);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_backend_that_answers_before_the_body_has_come_is_replaced()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(Error(503));
            await connection.ReadToEndAsync();
        });
        var host = await _proxy.ServeAsync(backend.Port, Codes("503"));
        await using var client = await _proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        var response = await client.ReadResponseAsync();
        Assert.Equal((299, "page 503"), (response.Status, response.Body));
    }

    [Fact]
    public async Task The_challenge_of_a_401_is_kept()
    {
        await using var backend = WireBackend.Answer(Error(401, "WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Bearer\r\n"));
        _proxy.Page = _ => "HTTP/1.1 401 X\r\nContent-Length: 2\r\n\r\nin";
        var host = await _proxy.ServeAsync(backend, Codes("401"));
        var response = await _proxy.GetAsync(host);
        Assert.Equal((401, "in"), (response.Status, response.Body));
        Assert.Equal(["Basic realm=\"a\"", "Bearer"], response.All("WWW-Authenticate"));
        Assert.Empty(response.All("X-Backend"));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    public async Task Calls_of_gRPC_are_not_changed(string type)
    {
        await using var backend = WireBackend.Answer(Error(503));
        var host = await _proxy.ServeAsync(backend, Codes("503"));
        var response = await _proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: {type}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal((503, "secret"), (response.Status, response.Body));
        Assert.Empty(_proxy.Pages.Requests);
    }

    [Fact]
    public async Task A_refused_WebSocket_gets_a_page()
    {
        await using var backend = WireBackend.Answer(Error(404));
        var host = await _proxy.ServeAsync(backend, Codes("404"));
        var response = await _proxy.GetAsync(host, "/", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        Assert.Equal((299, "page 404"), (response.Status, response.Body));
        Assert.Empty(Assert.Single(_proxy.Pages.Requests).All("Upgrade"));
    }

    [Fact]
    public async Task Errors_of_the_backend_pass_without_interception()
    {
        await using var backend = WireBackend.Answer(Error(502));
        var host = await _proxy.ServeAsync(backend, [.. Codes("502"), ("disable-proxy-intercept-errors", "true")]);
        Assert.Equal("secret", (await _proxy.GetAsync(host)).Body);
        using var refusing = WireBackend.Refusing(out var port);
        var down = await _proxy.ServeAsync(port, [.. Codes("502"), ("disable-proxy-intercept-errors", "true")]);
        Assert.Equal("page 502", (await _proxy.GetAsync(down)).Body);
    }

    [Fact]
    public async Task Backends_and_pages_of_HTTP_2_work()
    {
        await using var backend = await KestrelBackend.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return context.Response.WriteAsync("secret");
        }, HttpProtocols.Http2);
        string? received = null;
        await using var pages = await KestrelBackend.StartAsync(context =>
        {
            received = $"{context.Request.Method} {context.Request.Path} {context.Request.Headers["X-Code"]} {context.Request.Host}";
            context.Response.StatusCode = 418;
            return context.Response.WriteAsync("h2");
        }, HttpProtocols.Http2);
        var service = await _proxy.AddServiceAsync([pages.Port], "kubernetes.io/h2c");
        var host = await _proxy.ServeAsync(backend.Port, "kubernetes.io/h2c", [("custom-http-errors", "500"), ("default-backend", service)]);
        var response = await _proxy.GetAsync(host);
        Assert.Equal((418, "h2", $"GET / 500 {host}"), (response.Status, response.Body, received));
    }
}

/// <summary>With the forwarder for HTTP/1.1.</summary>
public sealed class DirectReplacedResponseTests(ErrorPageFixture proxy) : ReplacedResponseTests(proxy), IClassFixture<ErrorPageFixture>;

/// <summary>With YARP's forwarder.</summary>
public sealed class YarpReplacedResponseTests(HttpClientErrorPageFixture proxy) : ReplacedResponseTests(proxy), IClassFixture<HttpClientErrorPageFixture>;
