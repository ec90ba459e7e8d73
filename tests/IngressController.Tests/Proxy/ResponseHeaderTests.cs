using System.Globalization;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>The response headers that a client receives.</summary>
public sealed class ResponseHeaderTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task A_426_names_the_protocols_that_the_backend_asks_for()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: websocket, chat/2\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var response = await client.ReadResponseAsync();
            Assert.Equal((426, "websocket, chat/2"), (response.Status, response.One("Upgrade")));
            Assert.Contains("Upgrade", response.One("Connection"), StringComparison.Ordinal);
        }
    }

    private async Task<WireMessage> AnswerAsync(string fields, string request = "GET / HTTP/1.1")
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{fields}\r\nok");
        var host = await proxy.ServeAsync(backend);
        return await proxy.ExchangeAsync($"{request}\r\nHost: {host}\r\n\r\n");
    }

    [Fact]
    public async Task Repeated_headers_stay_separate_and_in_order()
    {
        var response = await AnswerAsync("Set-Cookie: a=1; Path=/\r\nset-cookie: b=2, c=3\r\nSet-Cookie: d=4\r\nVary: A\r\nVary: B\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n");
        Assert.Equal(["a=1; Path=/", "b=2, c=3", "d=4"], response.All("Set-Cookie"));
        Assert.Equal(["A", "B"], response.All("Vary"));
        Assert.Equal(["Basic", "Bearer"], response.All("WWW-Authenticate"));
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_headers_named_by_Connection_are_removed()
    {
        var response = await AnswerAsync("Connection: X-Hop, content-length\r\nConnection: X-Other\r\nX-Hop: 1\r\nX-Other: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nX-Kept: 1\r\n");
        var names = response.Fields.Select(field => field.Name.ToLowerInvariant()).ToHashSet();
        Assert.Empty(names.Intersect(["connection", "x-hop", "x-other", "keep-alive", "proxy-connection", "upgrade", "proxy-authenticate"]));
        Assert.Equal("1", response.One("X-Kept"));
        Assert.Equal("ok", response.Body);
    }

    [Fact]
    public async Task Date_and_Server_are_added_if_the_backend_sends_none()
    {
        var added = await AnswerAsync("");
        Assert.Equal("yarp-ingress", added.One("Server"));
        Assert.True(DateTimeOffset.TryParseExact(added.One("Date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        var theirs = await AnswerAsync("Server: theirs/1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        Assert.Equal(("theirs/1", "Sun, 06 Nov 1994 08:49:37 GMT"), (theirs.One("Server"), theirs.One("Date")));
    }

    [Fact]
    public async Task Bytes_outside_ASCII_and_unusual_values_are_forwarded_unchanged()
    {
        var response = await AnswerAsync("X-Latin: caf\u00e9 \u00ff\u0080\r\nX-Utf: caf\u00c3\u00a9\r\nX-Empty:\r\nLast-Modified: never\r\nETag: odd\r\nContent-Type: (odd\r\nAllow: GET,, X\r\nLocation: http://[bad\r\n");
        Assert.Equal("caf\u00e9 \u00ff\u0080", response.One("X-Latin"));
        Assert.Equal("caf\u00c3\u00a9", response.One("X-Utf"));
        Assert.Equal("", response.One("X-Empty"));
        Assert.Equal("never", response.One("Last-Modified"));
        Assert.Equal("odd", response.One("ETag"));
        Assert.Equal("(odd", response.One("Content-Type"));
        Assert.Equal("GET,, X", response.One("Allow"));
        Assert.Equal("http://[bad", response.One("Location"));
    }

    [Fact]
    public async Task Only_Date_and_Server_are_added()
    {
        var response = await AnswerAsync("Strict-Transport-Security: max-age=1\r\nTraceparent: x\r\nVia: 1.1 z\r\n");
        Assert.Equal(
            ["content-length", "date", "server", "strict-transport-security", "traceparent", "via"],
            response.Fields.Select(field => field.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("404 Gone Fishing")]
    [InlineData("299 ")]
    [InlineData("599 Odd")]
    [InlineData("301 Moved Permanently")]
    [InlineData("401 Unauthorized")]
    public async Task Status_and_reason_phrase_are_forwarded(string status)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status}\r\nContent-Length: 2\r\nLocation: http://else.example/\r\n\r\nok");
        var response = await proxy.GetAsync(await proxy.ServeAsync(backend));
        Assert.Equal($"HTTP/1.1 {status}", response.Start);
        Assert.Equal("ok", response.Body);
    }
}

/// <summary>Responses with server-header=false.</summary>
public sealed class ServerHeaderTests
{
    [Fact]
    public async Task Without_server_header_the_backends_Server_header_is_removed()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 200 OK\r\nServer: theirs/1\r\nContent-Length: 0\r\n\r\n");
        await using var controller = await TestController.StartAsync(
            Manifests.Service("a", [backend.Port]) + Manifests.Ingress("a", "a.example", "a"),
            options => options with { Listener = options.Listener with { ServerHeader = false } });
        foreach (var (host, status) in new[] { ("a.example", 200), ("b.example", 404) })
        {
            var response = await WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.Equal((status, null), (response.Status, response.One("Server")));
        }
    }
}
