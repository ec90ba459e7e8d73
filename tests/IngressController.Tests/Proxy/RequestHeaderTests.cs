using System.Globalization;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>The request headers that a backend receives.</summary>
public sealed class RequestHeaderTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("", "80")]
    [InlineData(":8080", "8080")]
    public async Task Host_is_kept_and_only_the_proxy_sets_forwarding_headers(string port, string expectedPort)
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

    [Theory]
    [InlineData("Proxy")]
    [InlineData("proxy")]
    [InlineData("X-Original-Forwarded-For")]
    [InlineData("x-original-forwarded-host")]
    [InlineData("X_Original_Forwarded_For")]
    [InlineData("X-Original_Forwarded-Proto")]
    [InlineData("X-Scheme")]
    [InlineData("X_Scheme")]
    [InlineData("x_forwarded_for")]
    [InlineData("X_FORWARDED-HOST")]
    [InlineData("x_real_ip")]
    [InlineData("X_Request_ID")]
    [InlineData("Content_Length")]
    [InlineData("content_length")]
    [InlineData("CONTENT_LENGTH")]
    [InlineData("Transfer_Encoding")]
    [InlineData("transfer_encoding")]
    [InlineData("Keep_Alive")]
    [InlineData("Proxy_Connection")]
    [InlineData("Proxy_Authorization")]
    [InlineData("HTTP2_Settings")]
    [InlineData("CDN_Loop")]
    public async Task Headers_that_backends_trust_are_not_forwarded(string name)
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n{name}: evil\r\nX-Original: kept\r\nProxy-X: kept\r\nX-Schemes: kept\r\nContent_Type: kept\r\nX_Length: kept\r\n\r\n");
        Assert.DoesNotContain(received.Fields, field => field.Value == "evil");
        Assert.Equal(5, received.Fields.Count(field => field.Value == "kept"));
    }

    [Fact]
    public async Task Each_request_gets_a_unique_id()
    {
        var first = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        var second = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        Assert.NotEqual(first.One("X-Request-ID"), second.One("X-Request-ID"));
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_headers_named_by_Connection_are_removed()
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
    public async Task Connection_cannot_remove_headers_of_the_proxy()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nConnection: X-Forwarded-For, X-Real-IP, X-Forwarded-Proto\r\n\r\n");
        Assert.Equal("127.0.0.1", received.One("X-Forwarded-For"));
        Assert.Equal("127.0.0.1", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
    }

    [Fact]
    public async Task Bytes_outside_ASCII_are_forwarded_unchanged_as_Latin_1_and_as_UTF_8()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nX-Latin: caf\u00e9 \u00ff\u0080\r\nX-Utf: caf\u00c3\u00a9 \u00e2\u0082\u00ac\r\n\r\n");
        Assert.Equal("caf\u00e9 \u00ff\u0080", received.One("X-Latin"));
        Assert.Equal("caf\u00c3\u00a9 \u00e2\u0082\u00ac", received.One("X-Utf"));
    }

    [Fact]
    public async Task Unusual_but_valid_headers_are_forwarded()
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
    public async Task Only_forwarding_headers_and_CDN_Loop_are_added()
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        Assert.Equal(
            ["cdn-loop", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id"],
            received.Fields.Select(field => field.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pseudo_headers_of_HTTP_2_are_not_forwarded()
    {
        proxy.Backend.Requests.Clear();
        using var request = ProtocolTests.Request(HttpMethod.Get, $"https://{proxy.Host}/", "2.0");
        using var response = await proxy.Controller.Client.SendAsync(request);
        Assert.Equal(
            ["cdn-loop", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip", "x-request-id"],
            Assert.Single(proxy.Backend.Requests).Fields.Select(field => field.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(":method: PUT")]
    [InlineData(":protocol: x")]
    [InlineData(":x: y")]
    public async Task A_header_named_like_a_pseudo_header_returns_400(string field) =>
        Assert.Equal(400, (await proxy.GetAsync(proxy.Host, "/", $"{field}\r\n")).Status);

    [Fact]
    public async Task An_HTTP_1_0_request_without_Host_reaches_the_backend_with_one()
    {
        await proxy.AddAsync(Manifests.Service("nohost", [proxy.Backend.Port]) + Manifests.Ingress("nohost", "", "nohost", "/nohost"));
        var received = await proxy.SendAsync("GET /nohost HTTP/1.0\r\n\r\n");
        Assert.Equal("GET /nohost HTTP/1.1", received.Start);
        Assert.NotNull(received.One("Host"));
    }

    [Theory]
    [InlineData(40, 1000, 431)]
    [InlineData(1001, 1, 431)]
    [InlineData(500, 1, 200)]
    [InlineData(20, 1000, 200)]
    public async Task Huge_headers_are_refused(int count, int size, int expected)
    {
        var fields = string.Concat(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: {new string('v', size)}\r\n")));
        Assert.Equal(expected, (await proxy.GetAsync(proxy.Host, "/", fields)).Status);
    }
}
