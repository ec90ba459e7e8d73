using System.Net.Http.Headers;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.Bodies;

/// <summary>proxy-body-size compared with nginx's client_max_body_size per request.</summary>
public sealed class BodySizeNginxComparisonTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const int Limit = 1024;

    public static TheoryData<string, string> Bodies => new()
    {
        { "no body", "" },
        { "empty", "Content-Length: 0\r\n" + "\r\n" },
        { "at the limit", Sized(Limit) },
        { "one byte over", Sized(Limit + 1) },
        { "far over", Sized(300_000) },
        { "chunked at the limit", Chunked(Limit, Limit) },
        { "chunked one byte over", Chunked(Limit + 1, Limit + 1) },
        { "many chunks at the limit", Chunked(Limit, 1) },
        { "many chunks one byte over", Chunked(Limit + 1, 1) },
        { "chunks far over", Chunked(300_000, 10_000) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task The_same_bodies_are_refused_as_by_nginx(string name, string fieldsAndBody)
    {
        await using var backend = WireBackend.Answer(request => WireBackend.Ok($"{request.Body.Length}"));
        await using var nginx = await NginxProcess.StartAsync($"client_max_body_size {Limit}; location / {{ proxy_pass http://127.0.0.1:{backend.Port}; proxy_http_version 1.1; }}");
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"));

        var reference = await ExchangeAsync(nginx.Port, host, "POST", fieldsAndBody);
        var actual = await ExchangeAsync(proxy.Controller.HttpPort, host, "POST", fieldsAndBody);

        Assert.Equal((name, reference.Status), (name, actual.Status));
        if (reference.Status == 200)
            Assert.Equal(reference.Body, actual.Body);
        // Both close the connection instead of reading the rest of the body.
        else
            Assert.Equal((413, reference.One("Connection")), (actual.Status, actual.One("Connection")));
    }

    /// <summary>nginx's return and auth_basic represent the redirects, preflights and authentication of ingress-nginx.</summary>
    [Fact]
    public async Task A_body_declared_too_large_is_refused_before_any_other_reply()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("never"));
        await using var nginx = await NginxProcess.StartAsync($$"""
            client_max_body_size {{Limit}};
            location /return { return 204; }
            location /auth { auth_basic "x"; auth_basic_user_file /dev/null; proxy_pass http://127.0.0.1:{{backend.Port}}; }
            """);
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"), ("enable-cors", "true"));

        Assert.Equal(413, (await ExchangeAsync(nginx.Port, host, "OPTIONS", Sized(Limit + 1), "/return")).Status);
        Assert.Equal(413, (await ExchangeAsync(nginx.Port, host, "POST", Sized(Limit + 1), "/auth")).Status);
        Assert.Equal(204, (await ExchangeAsync(nginx.Port, host, "OPTIONS", Chunked(Limit + 1, 1), "/return")).Status);
        Assert.Equal(413, (await ExchangeAsync(proxy.Controller.HttpPort, host, "OPTIONS", Sized(Limit + 1))).Status);
        Assert.Equal(413, (await ExchangeAsync(proxy.Controller.HttpPort, host, "POST", Sized(Limit + 1))).Status);
        // A body of unknown length is not refused in advance.
        Assert.Equal(204, (await ExchangeAsync(proxy.Controller.HttpPort, host, "OPTIONS", Chunked(Limit + 1, 1))).Status);
        Assert.Equal(0, backend.Accepted);
    }

    [Fact]
    public async Task A_client_that_expects_100_gets_413()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("never"));
        await using var nginx = await NginxProcess.StartAsync($"client_max_body_size {Limit}; location / {{ proxy_pass http://127.0.0.1:{backend.Port}; }}");
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"));
        foreach (var port in new[] { nginx.Port, proxy.Controller.HttpPort })
        {
            var response = await WireConnection.ExchangeAsync(port, $"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {Limit + 1}\r\nExpect: 100-continue\r\n\r\n");
            Assert.Equal((413, "close"), (response.Status, response.One("Connection")));
        }
    }

    /// <summary>The body of a gRPC call is the sum of all messages of the client.</summary>
    [Theory]
    [InlineData(10, 200)]
    [InlineData(11, 413)]
    public async Task The_same_gRPC_streams_are_refused_as_by_nginx(int messages, int expected)
    {
        await using var backend = await KestrelBackend.StartAsync(async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Request.Body.CopyToAsync(Stream.Null);
        }, HttpProtocols.Http2);
        await using var nginx = await NginxProcess.StartAsync($"client_max_body_size {Limit}; location / {{ grpc_pass grpc://127.0.0.1:{backend.Port}; }}", "http2");
        var host = await proxy.ServeAsync(backend.Port, "grpc", [("proxy-body-size", "1k")]);
        using var plain = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        Assert.Equal(expected, await CallAsync(plain, $"http://127.0.0.1:{nginx.Port}/s/Stream", messages));
        Assert.Equal(expected, await CallAsync(proxy.Controller.Client, $"https://{host}/s/Stream", messages));
    }

    private static async Task<int> CallAsync(HttpClient client, string uri, int messages)
    {
        using var request = ProtocolTests.Request(HttpMethod.Post, uri, "2.0");
        request.Content = new PushContent(async stream =>
        {
            for (var i = 0; i < messages; i++)
            {
                await stream.WriteAsync(new byte[100]);
                await stream.FlushAsync();
            }
        });
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("TE", "trailers");
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static string Sized(int size) => $"Content-Length: {size}\r\n\r\n{new string('x', size)}";

    private static string Chunked(int size, int chunk) =>
        "Transfer-Encoding: chunked\r\n\r\n"
        + string.Concat(Enumerable.Repeat($"{chunk:x}\r\n{new string('x', chunk)}\r\n", size / chunk))
        + "0\r\n\r\n";

    private static Task<WireMessage> ExchangeAsync(int port, string host, string method, string fieldsAndBody, string path = "/") =>
        WireConnection.ExchangeAsync(port, $"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{(fieldsAndBody.Length == 0 ? "\r\n" : fieldsAndBody)}");
}
