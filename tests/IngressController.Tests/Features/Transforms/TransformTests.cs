using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.Transforms;

/// <summary>The transforms annotation.</summary>
public sealed class TransformTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static int _names;

    [Theory]
    [InlineData("[{PathPrefix: /x}]", "/api/a%2Fb//c%20d?q=%20", "/x/api/a%2Fb//c%20d?q=%20")]
    [InlineData("[{PathRemovePrefix: /api}]", "/api/a%2Fb?q", "/a%2Fb?q")]
    [InlineData("[{PathRemovePrefix: api}]", "/%61pi/a", "/a")]
    [InlineData("[{PathRemovePrefix: /api}]", "/api", "/")]
    [InlineData("[{PathRemovePrefix: /api}]", "/api?q", "/?q")]
    [InlineData("[{PathRemovePrefix: /ap}]", "/api/%7euser", "/api/%7euser")]
    [InlineData("[{PathRemovePrefix: /api}]", "/api//evil.example/x", "//evil.example/x")]
    [InlineData("[{PathRemovePrefix: /api/x}]", "/api/y/../x/z", "/z")]
    [InlineData("[{PathSet: \"/a b%\"}]", "/api/x?q=1", "/a%20b%25?q=1")]
    [InlineData("[{PathPattern: \"/v2/{**catch-all}\"}]", "/api/a/b%20c?q", "/v2/a/b%20c?q")]
    [InlineData("[{PathPattern: \"/v2/{**catch-all}\"}]", "/api/a%252e%252e", "/v2/a%252e%252e")]
    [InlineData("[{PathPattern: \"/v2/{**catch-all}\"}]", "/api", "/v2")]
    [InlineData("[{PathRemovePrefix: /api}, {PathPrefix: /v3}]", "/api/caf%c3%a9", "/v3/caf%C3%A9")]
    [InlineData("[{QueryValueParameter: a, Set: \"b c\"}]", "/api/%7ex?a=1&d=2", "/api/%7ex?a=b%20c&d=2")]
    [InlineData("[{QueryValueParameter: a, Append: b}]", "/api?a=1", "/api?a=1&a=b")]
    [InlineData("[{QueryRemoveParameter: a}]", "/api/a%2Fb?a=1", "/api/a%2Fb")]
    // Transforms of headers leave path and query unchanged byte for byte.
    [InlineData("[{RequestHeader: X, Set: y}]", "/api/%7e%2f//;x?%20=+&&", "/api/%7e%2f//;x?%20=+&&")]
    public async Task Path_and_query_are_transformed(string transforms, string target, string expected) =>
        Assert.Equal(expected, (await ReceiveAsync(transforms, target)).Target);

    [Fact]
    public async Task A_catch_all_in_a_header_is_the_remainder_after_the_prefix()
    {
        var received = await ReceiveAsync("[{RequestHeaderRouteValue: X-Rest, Set: catch-all}]", "/api/a/%0d%0ab");
        Assert.Equal("a/%0D%0Ab", received.One("X-Rest"));
        Assert.Equal("/api/a/%0d%0ab", received.Target);
    }

    [Fact]
    public async Task Request_headers_are_set_appended_and_removed()
    {
        var received = await ReceiveAsync(
            "[{RequestHeader: X-Set, Set: ours}, {RequestHeader: X-Append, Append: ours}, {RequestHeaderRemove: X-Remove}, {HttpMethodChange: GET, Set: PUT}]", "/api",
            "X-Set: theirs\r\nX-Append: theirs\r\nX-Remove: theirs\r\nX-Kept: theirs\r\n");
        Assert.Equal("PUT", received.Method);
        Assert.Equal("ours", received.One("X-Set"));
        Assert.Equal("theirs,ours", string.Join(',', received.All("X-Append").SelectMany(line => line.Split(", "))));
        Assert.Null(received.One("X-Remove"));
        Assert.Equal("theirs", received.One("X-Kept"));
    }

    [Theory]
    [InlineData("[{X-Forwarded: Append}]")]
    [InlineData("[{X-Forwarded: Set}]")]
    [InlineData("[{X-Forwarded: Off}]")]
    [InlineData("[{RequestHeadersCopy: \"false\"}]")]
    [InlineData("[{RequestHeadersAllowed: \"X-Forwarded-For;X-Real-IP;X-Request-ID;Forwarded;X-A\"}]")]
    public async Task Forwarding_headers_appear_once_and_clients_cannot_append_to_them(string transforms)
    {
        var received = await ReceiveAsync(transforms, "/api", "X-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-Proto: https\r\n");
        Assert.Equal("127.0.0.1", received.One("X-Forwarded-For"));
        Assert.Equal("127.0.0.1", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
        Assert.DoesNotContain(received.Fields, field => field.Value.Contains("6.6.6.6", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Forwarding_headers_can_be_removed_and_renamed()
    {
        var received = await ReceiveAsync("[{X-Forwarded: Remove}, {X-Forwarded: Append, HeaderPrefix: X-Fwd-}, {RequestHeader: X-Real-IP, Set: none}]", "/api", "X-Fwd-For: 6.6.6.6\r\n");
        Assert.Null(received.One("X-Forwarded-For"));
        Assert.Null(received.One("X-Forwarded-Proto"));
        Assert.Equal("127.0.0.1", received.One("X-Fwd-For"));
        Assert.Equal("none", received.One("X-Real-IP"));
    }

    [Fact]
    public async Task Only_allowed_request_headers_are_forwarded_with_the_body_and_Host()
    {
        var host = await ServeAsync("[{RequestHeadersAllowed: X-A;Content-Type}]", out var backend);
        await using (backend)
        {
            await proxy.ExchangeAsync($"POST /api HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\nX-B: 1\r\nCookie: c\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
            var received = Assert.Single(backend.Requests);
            Assert.Equal("1", received.One("X-A"));
            Assert.Equal("text/plain", received.One("Content-Type"));
            Assert.Equal("4", received.One("Content-Length"));
            Assert.Equal("body", received.Body);
            Assert.Equal(host, received.One("Host"));
            Assert.Null(received.One("X-B"));
            Assert.Null(received.One("Cookie"));
        }
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task The_clients_Host_is_kept_unless_disabled(string value, bool isKept)
    {
        var received = await ReceiveAsync($"[{{RequestHeaderOriginalHost: \"{value}\"}}]", "/api");
        Assert.Equal(isKept, received.One("Host")!.EndsWith(".example", StringComparison.Ordinal));
        Assert.Equal(!isKept, received.One("Host")!.StartsWith("127.0.0.1:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Set: other.example", "other.example")]
    [InlineData("Set: \"a..b\"", null)]
    [InlineData("Set: \"a.example:70000\"", null)]
    [InlineData("Append: other.example", null)]
    public async Task A_backend_gets_one_Host_whatever_a_transform_makes_of_it(string change, string? expected)
    {
        var received = await ReceiveAsync($"[{{RequestHeader: Host, {change}}}]", "/api");
        var host = Assert.Single(received.All("Host"));
        Assert.DoesNotContain("127.0.0.1", host, StringComparison.Ordinal);
        Assert.Equal(expected ?? received.One("X-Forwarded-Host"), host);
    }

    [Fact]
    public async Task Response_headers_are_set_appended_removed_and_not_copied()
    {
        const string Response = "HTTP/1.1 200 OK\r\nX-Set: theirs\r\nX-Append: theirs\r\nX-Remove: theirs\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok";
        var changed = await AnswerAsync(
            "[{ResponseHeader: X-Set, Set: ours}, {ResponseHeader: X-Append, Append: ours}, {ResponseHeaderRemove: X-Remove}, {ResponseHeader: X-Failed, Set: ours, When: Failure}]", Response);
        Assert.Equal("ours", changed.One("X-Set"));
        Assert.Equal(["theirs", "ours"], changed.All("X-Append").SelectMany(line => line.Split(", ")));
        Assert.Null(changed.One("X-Remove"));
        Assert.Null(changed.One("X-Failed"));
        Assert.Equal("1", changed.One("X-Kept"));

        var allowed = await AnswerAsync("[{ResponseHeadersAllowed: X-Kept;Content-Length}]", Response);
        Assert.Equal("1", allowed.One("X-Kept"));
        Assert.Null(allowed.One("X-Set"));
        Assert.Equal("ok", allowed.Body);

        var none = await AnswerAsync("[{ResponseHeadersCopy: \"false\"}]", Response);
        Assert.Null(none.One("X-Kept"));
        Assert.Equal("ok", none.Body);
    }

    [Fact]
    public async Task Trailers_are_changed_if_the_client_can_receive_them()
    {
        await using var backend = await KestrelBackend.StartAsync(async context =>
        {
            context.Response.Headers.Trailer = "X-Kept, X-Remove";
            await context.Response.Body.WriteAsync("ok"u8.ToArray());
            await context.Response.Body.FlushAsync();
            context.Response.AppendTrailer("X-Kept", "1");
            context.Response.AppendTrailer("X-Remove", "1");
        }, HttpProtocols.Http2);
        var name = $"t{++_names}";
        await proxy.AddAsync(Manifests.Service(name, [backend.Port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, annotations:
            [("backend-protocol", "GRPC"), ("transforms", "[{ResponseTrailer: X-Set, Set: ours}, {ResponseTrailerRemove: X-Remove}]")]));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{name}.example/") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await proxy.Controller.Client.SendAsync(request);
        await response.Content.ReadAsStringAsync();
        Assert.Equal("1", Assert.Single(response.TrailingHeaders.GetValues("X-Kept")));
        Assert.Equal("ours", Assert.Single(response.TrailingHeaders.GetValues("X-Set")));
        Assert.False(response.TrailingHeaders.Contains("X-Remove"));
    }

    [Fact]
    public async Task An_invalid_list_makes_only_its_route_fail_closed()
    {
        var broken = await ServeAsync("[{PathSett: /x}]", out var backend);
        await using (backend)
        {
            Assert.Equal(503, (await proxy.GetAsync(broken, "/api")).Status);
            Assert.Equal(0, backend.Accepted);
        }

        Assert.Equal("/x", (await ReceiveAsync("[{PathSet: /x}]", "/api")).Target);
    }

    private async Task<WireMessage> ReceiveAsync(string transforms, string target, string fields = "")
    {
        var host = await ServeAsync(transforms, out var backend);
        await using (backend)
        {
            var answer = await proxy.GetAsync(host, target, fields);
            Assert.True(answer.Status == 200, $"{answer.Start} {answer.Body}");
            return Assert.Single(backend.Requests);
        }
    }

    private async Task<WireMessage> AnswerAsync(string transforms, string response)
    {
        var host = await ServeAsync(transforms, out var backend, response);
        await using (backend)
            return await proxy.GetAsync(host, "/api");
    }

    private Task<string> ServeAsync(string transforms, out WireBackend backend, string? response = null)
    {
        var started = backend = WireBackend.Answer(_ => response ?? WireBackend.Ok("ok"));
        return ServeAsync(transforms, started.Port);
    }

    private async Task<string> ServeAsync(string transforms, int port)
    {
        var name = $"t{++_names}";
        await proxy.AddAsync(Manifests.Service(name, [port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, "/api", annotations: ("transforms", transforms)));
        return $"{name}.example";
    }
}
