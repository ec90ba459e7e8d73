using System.Globalization;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>Which header fields a backend gets of a request.</summary>
public sealed class RequestHeaderTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("", "80")]
    [InlineData(":8080", "8080")]
    public async Task The_host_is_kept_and_the_forwarding_headers_are_ours_alone(string port, string expectedPort)
    {
        var host = proxy.Host + port;
        var received = await proxy.SendAsync(
            $"GET / HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\nX-Forwarded-Proto: https\r\n" +
            "X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-Server: evil\r\n" +
            "X-Real-IP: 6.6.6.6\r\nX-Request-ID: evil\r\nForwarded: for=6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX_Real-IP: 6.6.6.6\r\n\r\n");

        Assert.Equal(host, received.One("Host"));
        Assert.Equal("127.0.0.1", received.One("X-Forwarded-For"));
        Assert.Equal("127.0.0.1", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
        Assert.Equal(host, received.One("X-Forwarded-Host"));
        Assert.Equal(expectedPort, received.One("X-Forwarded-Port"));
        Assert.Matches("^[0-9a-f]{32}$", received.One("X-Request-ID")!);
        Assert.DoesNotContain(received.Fields, field => field.Value.Contains("evil", StringComparison.Ordinal) || field.Value.Contains("6.6.6.6", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_request_gets_an_id_of_its_own()
    {
        var first = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        var second = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        Assert.NotEqual(first.One("X-Request-ID"), second.One("X-Request-ID"));
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_those_that_Connection_names_are_removed()
    {
        var received = await proxy.SendAsync(
            $"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nConnection: keep-alive, X-Hop ,close, host, content-type\r\nConnection: X-Other\r\n" +
            "X-Hop: 1\r\nX-Other: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers, deflate\r\nTrailer: X\r\n" +
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nProxy-Authorization: Basic x\r\nAuthorization: Basic y\r\nX-Kept: 1\r\n\r\n");

        var names = received.Fields.Select(field => field.Name.ToLowerInvariant()).ToHashSet();
        Assert.Empty(names.Intersect(["connection", "x-hop", "x-other", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings", "proxy-authorization"]));
        Assert.Equal(proxy.Host, received.One("Host"));
        Assert.Equal("Basic y", received.One("Authorization"));
        Assert.Equal("1", received.One("X-Kept"));
    }

    [Fact]
    public async Task Connection_cannot_take_our_own_headers_away()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nConnection: X-Forwarded-For, X-Real-IP, X-Forwarded-Proto\r\n\r\n");
        Assert.Equal("127.0.0.1", received.One("X-Forwarded-For"));
        Assert.Equal("127.0.0.1", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
    }

    [Fact]
    public async Task Bytes_outside_ASCII_pass_unchanged_both_as_Latin_1_and_as_UTF_8()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nX-Latin: caf\u00e9 \u00ff\u0080\r\nX-Utf: caf\u00c3\u00a9 \u00e2\u0082\u00ac\r\n\r\n");
        Assert.Equal("caf\u00e9 \u00ff\u0080", received.One("X-Latin"));
        Assert.Equal("caf\u00c3\u00a9 \u00e2\u0082\u00ac", received.One("X-Utf"));
    }

    [Fact]
    public async Task Odd_but_valid_headers_pass()
    {
        var received = await proxy.SendAsync(
            $"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nX-Empty:\r\nX-Spaces: \t a  b \t\r\nx-lower: 1\r\nX_Under: 1\r\n!#$%&'*+-.^_`|~: 1\r\nX-Twice: a\r\nX-Twice: b\r\n" +
            "Cookie: a=1; b=\"2\"\r\nUser-Agent: (odd\r\nAccept: ;;,\r\nIf-Modified-Since: never\r\nReferer: not a uri\r\nRange: bytes=0-,5\r\nIf-None-Match: W/\"x\", y\r\nDate: 1\r\n\r\n");
        Assert.Equal("", received.One("X-Empty"));
        Assert.Equal("a  b", received.One("X-Spaces"));
        Assert.Equal("1", received.One("X_Under"));
        Assert.Equal("1", received.One("!#$%&'*+-.^_`|~"));
        Assert.Equal("a, b", string.Join(", ", received.All("X-Twice")));
        Assert.Equal("a=1; b=\"2\"", received.One("Cookie"));
        Assert.Equal("(odd", received.One("User-Agent"));
        Assert.Equal(";;,", received.One("Accept"));
        Assert.Equal("never", received.One("If-Modified-Since"));
        Assert.Equal("not a uri", received.One("Referer"));
        Assert.Equal("bytes=0-,5", received.One("Range"));
        Assert.Equal("W/\"x\", y", received.One("If-None-Match"));
        Assert.Equal("1", received.One("Date"));
    }

    [Fact]
    public async Task A_GET_without_a_body_keeps_its_content_headers()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nContent-Type: application/json\r\nContent-Language: de\r\n\r\n");
        Assert.Equal("application/json", received.One("Content-Type"));
        Assert.Equal("de", received.One("Content-Language"));
        Assert.Equal("", received.Body);
    }

    [Fact]
    public async Task Nothing_is_added_beyond_the_forwarding_headers()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        Assert.Equal(
            ["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id"],
            received.Fields.Select(field => field.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_1_0_request_without_host_reaches_the_backend_with_one()
    {
        await proxy.AddAsync(Manifests.Service("nohost", [proxy.Backend.Port]) + Manifests.Ingress("nohost", "", "nohost", "/nohost"));
        var received = await proxy.SendAsync("GET /nohost HTTP/1.0\r\n\r\n");
        Assert.Equal("GET /nohost HTTP/1.1", received.Start);
        Assert.NotNull(received.One("Host"));
    }

    [Theory]
    [InlineData(40, 1000, 431)]
    [InlineData(150, 1, 431)]
    [InlineData(20, 1000, 200)]
    public async Task Huge_headers_are_refused(int count, int size, int expected)
    {
        var fields = string.Concat(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: {new string('v', size)}\r\n")));
        Assert.Equal(expected, (await proxy.GetAsync(proxy.Host, "/", fields)).Status);
    }
}

/// <summary>Which header fields a client gets of a response.</summary>
public sealed class ResponseHeaderTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private async Task<WireMessage> AnswerAsync(string fields, string request = "GET / HTTP/1.1")
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{fields}\r\nok");
        var host = await proxy.ServeAsync(backend);
        return await proxy.ExchangeAsync($"{request}\r\nHost: {host}\r\n\r\n");
    }

    [Fact]
    public async Task Repeated_headers_stay_apart_and_in_order()
    {
        var response = await AnswerAsync("Set-Cookie: a=1; Path=/\r\nset-cookie: b=2, c=3\r\nSet-Cookie: d=4\r\nVary: A\r\nVary: B\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\n");
        Assert.Equal(["a=1; Path=/", "b=2, c=3", "d=4"], response.All("Set-Cookie"));
        Assert.Equal(["A", "B"], response.All("Vary"));
        Assert.Equal(["Basic", "Bearer"], response.All("WWW-Authenticate"));
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_those_that_Connection_names_are_removed()
    {
        var response = await AnswerAsync("Connection: X-Hop, content-length\r\nConnection: X-Other\r\nX-Hop: 1\r\nX-Other: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nX-Kept: 1\r\n");
        var names = response.Fields.Select(field => field.Name.ToLowerInvariant()).ToHashSet();
        Assert.Empty(names.Intersect(["connection", "x-hop", "x-other", "keep-alive", "proxy-connection", "upgrade", "proxy-authenticate"]));
        Assert.Equal("1", response.One("X-Kept"));
        Assert.Equal("ok", response.Body);
    }

    [Fact]
    public async Task Date_and_Server_are_the_backends_or_else_ours()
    {
        var ours = await AnswerAsync("");
        Assert.Equal("yarp-ingress", ours.One("Server"));
        Assert.True(DateTimeOffset.TryParseExact(ours.One("Date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        var theirs = await AnswerAsync("Server: theirs/1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        Assert.Equal(("theirs/1", "Sun, 06 Nov 1994 08:49:37 GMT"), (theirs.One("Server"), theirs.One("Date")));
    }

    [Fact]
    public async Task Bytes_outside_ASCII_and_odd_values_pass_unchanged()
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
    public async Task Nothing_is_added_but_Date_and_Server()
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
    public async Task Status_and_reason_pass(string status)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status}\r\nContent-Length: 2\r\nLocation: http://else.example/\r\n\r\nok");
        var response = await proxy.GetAsync(await proxy.ServeAsync(backend));
        Assert.Equal($"HTTP/1.1 {status}", response.Start);
        Assert.Equal("ok", response.Body);
    }
}

/// <summary>With server-header=false nothing says who answers.</summary>
public sealed class ServerHeaderTests
{
    [Fact]
    public async Task Without_server_header_none_is_sent_and_the_backends_is_removed()
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
