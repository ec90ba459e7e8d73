using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Proxy;

/// <summary>HTTP/1.1 and HTTP/2 from clients; HTTP/1.1, TLS and HTTP/2 without TLS to backends.</summary>
public sealed class ProtocolTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private HttpClient Client => proxy.Controller.Client;

    [Theory]
    [InlineData("http", "1.1", HttpProtocols.Http1, null)]
    [InlineData("https", "1.1", HttpProtocols.Http1, null)]
    [InlineData("https", "2.0", HttpProtocols.Http1, null)]
    [InlineData("http", "1.1", HttpProtocols.Http1, "https")]
    [InlineData("https", "2.0", HttpProtocols.Http1, "https")]
    [InlineData("http", "1.1", HttpProtocols.Http2, "kubernetes.io/h2c")]
    [InlineData("https", "2.0", HttpProtocols.Http2, "kubernetes.io/h2c")]
    public async Task Every_client_protocol_works_with_every_backend_protocol(string scheme, string version, HttpProtocols backendSpeaks, string? appProtocol)
    {
        await using var backend = await KestrelBackend.StartAsync(
            async context =>
            {
                using var body = new StreamReader(context.Request.Body);
                var text = await body.ReadToEndAsync();
                context.Response.Headers["X-Seen"] =
                    $"{context.Request.Protocol} {context.Request.Headers.Host} {context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Headers["X-Forwarded-Port"]} {context.Request.Headers.Cookie} {context.Request.Path.Value}{context.Request.QueryString}";
                await context.Response.WriteAsync($"got {text}");
            },
            backendSpeaks, withTls: appProtocol == "https");
        var host = await proxy.ServeAsync([backend.Port], appProtocol);
        using var request = Request(HttpMethod.Post, $"{scheme}://{host}/p%20q?a=b", version);
        request.Content = new StringContent("hello");
        request.Headers.TransferEncodingChunked = version == "1.1";
        request.Headers.Add("Cookie", "a=1; b=2");
        using var response = await Client.SendAsync(request);

        Assert.Equal("got hello", await response.Content.ReadAsStringAsync());
        Assert.Equal(version, response.Version.ToString());
        var port = scheme == "https" ? 443 : 80;
        var protocol = backendSpeaks == HttpProtocols.Http2 ? "HTTP/2" : "HTTP/1.1";
        Assert.Equal($"{protocol} {host} {scheme} {port} a=1; b=2 /p q?a=b", response.Headers.GetValues("X-Seen").Single());
    }

    [Fact]
    public async Task An_HTTP_2_body_without_a_length_is_chunked_for_the_backend()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        using var post = Request(HttpMethod.Post, $"https://{host}/", "2.0");
        post.Content = new PushContent(async stream => await stream.WriteAsync("hello"u8.ToArray()));
        using var first = await Client.SendAsync(post);
        using var get = Request(HttpMethod.Get, $"https://{host}/", "2.0");
        using var second = await Client.SendAsync(get);

        var requests = backend.Requests.ToArray();
        Assert.Equal(("hello", "chunked"), (requests[0].Body, requests[0].One("Transfer-Encoding")));
        Assert.Empty(requests[1].All("Transfer-Encoding").Concat(requests[1].All("Content-Length")));
    }

    [Fact]
    public async Task Trailers_of_a_chunked_response_reach_an_HTTP_2_client()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        using var request = Request(HttpMethod.Get, $"https://{host}/", "2.0");
        using var response = await Client.SendAsync(request);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        Assert.Equal("42", response.TrailingHeaders.GetValues("X-Sum").Single());
    }

    [Fact]
    public async Task Trailers_do_not_damage_a_response_to_an_HTTP_1_1_client()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        var response = await proxy.GetAsync(host, "/", "TE: trailers\r\nConnection: TE\r\n");
        Assert.Equal("hello", response.Body);
        Assert.Equal([], response.Trailers);
    }

    [Fact]
    public async Task A_truncated_HTTP_2_response_is_aborted_for_the_client()
    {
        await using var backend = await KestrelBackend.StartAsync(
            async context =>
            {
                await context.Response.WriteAsync("hello");
                await context.Response.Body.FlushAsync();
                context.Abort();
            },
            HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "h2c");
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var head = (await connection.ReadHeadAsync())!;
        // The reset can arrive before the head. In either case the response must not look complete.
        if (head.Status != 502)
            await Assert.ThrowsAnyAsync<IOException>(() => connection.ReadBodyAsync(head, untilClose: true));
    }

    [Fact]
    public async Task TE_trailers_is_forwarded_to_an_HTTP_2_backend()
    {
        var seen = "";
        await using var backend = await KestrelBackend.StartAsync(
            context =>
            {
                seen = context.Request.Headers.TE.ToString();
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "h2c");
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "TE: trailers, gzip\r\nConnection: TE\r\n")).Status);
        Assert.Equal("trailers", seen);
    }

    internal static HttpRequestMessage Request(HttpMethod method, string uri, string version) => new(method, uri)
    {
        Version = Version.Parse(version),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}
