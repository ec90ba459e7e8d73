using System.Collections.Concurrent;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Proxy;

/// <summary>Requests without a body that have headers which describe one, as some clients send with every request.</summary>
public sealed class BodylessRequestTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    /// <summary>All headers that the HTTP client counts as headers of a body.</summary>
    private static readonly (string Name, string Value)[] ContentHeaders =
    [
        ("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Language", "de"), ("Content-Location", "/x"),
        ("Content-Disposition", "inline"), ("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ=="), ("Content-Range", "bytes 0-1/2"), ("Allow", "GET"),
        ("Expires", "0"), ("Last-Modified", "never"),
    ];

    public static TheoryData<string, string, string> EachHeader()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (var method in new[] { "GET", "HEAD", "DELETE", "OPTIONS" })
        {
            foreach (var (name, value) in ContentHeaders)
                cases.Add(method, name, value);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(EachHeader))]
    public async Task Headers_of_content_do_not_add_a_length(string method, string name, string value)
    {
        var received = await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: {proxy.Host}\r\n{name}: {value}\r\nX-Last: 1\r\n\r\n");

        Assert.Equal((value, "1"), (received.One(name), received.One("X-Last")));
        AssertUnframed(received);
    }

    [Fact]
    public async Task Several_headers_of_content_arrive_together()
    {
        var fields = string.Concat(ContentHeaders.Select(field => $"{field.Name}: {field.Value}\r\n"));
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nCDN-Loop: other\r\n{fields}Content-Language: fr\r\n\r\n");

        Assert.All(ContentHeaders.Where(field => field.Name != "Content-Language"), field => Assert.Equal(field.Value, received.One(field.Name)));
        Assert.Equal("de, fr", received.One("Content-Language"));
        AssertUnframed(received);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Client_of_HTTP_2_adds_no_length_either(string method)
    {
        proxy.Backend.Requests.Clear();
        await SendAsync("2.0", method, proxy.Host);

        var received = Assert.Single(proxy.Backend.Requests);
        Assert.Equal("application/json", received.One("Content-Type"));
        AssertUnframed(received);
    }

    [Theory]
    [InlineData("1.1", "GET")]
    [InlineData("1.1", "HEAD")]
    [InlineData("1.1", "DELETE")]
    [InlineData("1.1", "OPTIONS")]
    [InlineData("2.0", "GET")]
    [InlineData("2.0", "DELETE")]
    public async Task Stream_to_a_backend_of_HTTP_2_ends_with_its_headers(string version, string method)
    {
        Http2Frame? head = null;
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var request = (await server.ReadRequestAsync())!;
            head = server.HeadOf(request.Stream);
            await server.AnswerAsync(request.Stream, "");
        });

        await SendAsync(version, method, await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c"));

        Assert.True(head!.EndsStream);
        Assert.Contains("application/json", head.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1", "GET")]
    [InlineData("1.1", "OPTIONS")]
    [InlineData("2.0", "HEAD")]
    [InlineData("2.0", "DELETE")]
    public async Task Backend_of_HTTP_2_receives_no_length(string version, string method)
    {
        var seen = "";
        await using var backend = await KestrelBackend.StartAsync(
            context =>
            {
                var request = context.Request;
                seen = $"{request.Method} {request.ContentType} {request.Headers["X-Last"]} {request.Headers.ContainsKey("Content-Length")}";
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);

        await SendAsync(version, method, await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c"));

        Assert.Equal($"{method} application/json 1 False", seen);
    }

    [Theory]
    [InlineData("GET", "Content-Length: 0\r\n")]
    [InlineData("GET", "Content-Type: text/plain\r\nContent-Length: 0\r\n")]
    [InlineData("DELETE", "Content-Length: 0\r\nContent-Type: text/plain\r\n")]
    // RFC 9110, 8.6: a request whose method gives content a meaning should have a length.
    [InlineData("POST", "")]
    [InlineData("POST", "Content-Type: text/plain\r\n")]
    [InlineData("PUT", "Content-Type: text/plain\r\n")]
    [InlineData("PATCH", "Content-Type: text/plain\r\n")]
    public async Task Length_of_the_client_or_of_the_method_is_kept(string method, string fields)
    {
        var received = await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: {proxy.Host}\r\n{fields}\r\n");
        Assert.Equal(("0", ""), (received.One("Content-Length"), received.Body));
    }

    [Theory]
    [InlineData("GET", "Content-Length: 5\r\n", "hello")]
    [InlineData("DELETE", "Content-Length: 5\r\nContent-Type: text/plain\r\n", "hello")]
    [InlineData("OPTIONS", "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")]
    public async Task Body_of_an_unusual_method_is_forwarded(string method, string fields, string body)
    {
        var received = await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: {proxy.Host}\r\n{fields}\r\n{body}");
        Assert.Equal("hello", received.Body);
    }

    [Fact]
    public async Task Connection_to_the_backend_serves_the_next_request()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        foreach (var head in new[] { "GET /a", "POST /b", "GET /c" })
        {
            await client.SendAsync($"{head} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\n\r\n");
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(1, backend.Accepted);
        Assert.Equal(["GET /a HTTP/1.1", "POST /b HTTP/1.1", "GET /c HTTP/1.1"], backend.Requests.Select(request => request.Start));
    }

    [Fact]
    public async Task Request_that_an_endpoint_did_not_process_is_sent_again_with_its_headers()
    {
        var first = 1;
        await using var backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Start.StartsWith("GET /again", StringComparison.Ordinal) && Interlocked.Exchange(ref first, 0) == 1)
                    return;
                await connection.SendAsync(WireBackend.Ok($"{request.One("Content-Type")} {request.All("Content-Length").Length}"));
            }
        });
        var host = await proxy.ServeAsync(backend);

        Assert.Equal(200, (await proxy.GetAsync(host, "/warm")).Status);
        Assert.Equal("text/x 0", (await proxy.GetAsync(host, "/again", "Content-Type: text/x\r\n")).Body);
    }

    [Fact]
    public async Task Stream_that_an_endpoint_refused_is_sent_again_with_its_headers()
    {
        var attempts = 0;
        var heads = new ConcurrentQueue<string>();
        await using var refusing = Http2WireBackend.Start(async server =>
        {
            while (true)
            {
                var stream = await server.ReadHeadersAsync();
                if (Interlocked.Increment(ref attempts) == 1)
                    await server.ResetAsync(stream, Http2WireServer.RefusedStream);
                else
                    await server.AnswerAsync(stream, "ok");
                heads.Enqueue(server.HeadOf(stream).Text);
            }
        });
        var host = await proxy.ServeAsync([refusing.Port], "kubernetes.io/h2c");

        Assert.Equal(200, (await proxy.GetAsync(host, "/", "Content-Type: text/x\r\n")).Status);
        Assert.Equal(2, heads.Count);
        Assert.All(heads, head => Assert.Contains("text/x", head, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Header_that_an_annotation_sets_adds_no_length()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await proxy.AddAsync(Manifests.Service("typed", [backend.Port])
            + Manifests.Ingress("typed", "typed.example", "typed", annotations: "transforms: '[{RequestHeader: Content-Type, Set: text/x}]'"));

        Assert.Equal(200, (await proxy.GetAsync("typed.example")).Status);
        var received = Assert.Single(backend.Requests);
        Assert.Equal("text/x", received.One("Content-Type"));
        AssertUnframed(received);
    }

    [Fact]
    public async Task WebSocket_with_a_type_is_opened_without_a_length()
    {
        WireMessage? received = null;
        await using var backend = WireBackend.Start(async connection =>
        {
            received = await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n");
            await connection.SendAsync(await connection.ReadTextAsync(4));
        });
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(
            $"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + "Content-Type: application/json\r\n\r\n");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        await client.SendAsync("ping");
        Assert.Equal("ping", await client.ReadTextAsync(4));
        Assert.Equal("application/json", received!.One("Content-Type"));
        AssertUnframed(received);
    }

    private static void AssertUnframed(WireMessage received) =>
        Assert.Empty(received.All("Content-Length").Concat(received.All("Transfer-Encoding")));

    private async Task SendAsync(string version, string method, string host)
    {
        if (version == "1.1")
        {
            Assert.Equal(200, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nX-Last: 1\r\n\r\n")).Status);
            return;
        }

        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.RequestAsync(1, method, host, "https", [("content-type", "application/json"), ("x-last", "1")]);
        Assert.Contains(await client.ReadToEndOfAsync(1), frame => frame.Type == Http2FrameType.Headers && frame.Payload[0] == 0x88);
    }
}
