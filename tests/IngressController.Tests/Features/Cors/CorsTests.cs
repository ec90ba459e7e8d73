using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Cors;

/// <summary>CORS as in ingress-nginx, and Vary.</summary>
public sealed class CorsTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const string DefaultHeaders = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

    private const string BackendsOwn =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: https://backend.example\r\nAccess-Control-Allow-Methods: TRACE\r\n"
        + "Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: X-Backend\r\nVary: Accept\r\n\r\nok";

    [Theory]
    [InlineData("")]
    [InlineData("Origin: https://any.example\r\n")]
    [InlineData("Origin: https://any.example\r\nAccess-Control-Request-Method: PUT\r\n")]
    public async Task OPTIONS_requests_get_a_local_reply_if_any_origin_is_allowed(string fields)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("never"));
        var host = await proxy.ServeAsync(backend.Port, ("enable-cors", "true"));
        var response = await proxy.ExchangeAsync($"OPTIONS /x HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");

        Assert.Equal(204, response.Status);
        Assert.Equal("text/plain charset=UTF-8", response.One("Content-Type"));
        Assert.Null(response.One("Content-Length"));
        Assert.Null(response.One("Transfer-Encoding"));
        AssertDefaults(response, "*");
        Assert.Null(response.One("Vary"));
        Assert.Equal(0, backend.Accepted);
    }

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("HTTPS://APP.example", true)]
    [InlineData("https://app.example:443", false)]
    [InlineData("http://app.example", false)]
    [InlineData("https://app.example.evil", false)]
    [InlineData("https://xapp.example", false)]
    [InlineData("https://a.wild.example:8443", true)]
    [InlineData("https://A-1.Wild.example:8443", true)]
    [InlineData("https://a.wild.example", false)]
    [InlineData("https://wild.example:8443", false)]
    [InlineData("https://.wild.example:8443", false)]
    [InlineData("https://a.b.wild.example:8443", false)]
    [InlineData("https://evil.example/a.wild.example:8443", false)]
    [InlineData("https://evil.example#.wild.example:8443", false)]
    [InlineData("tauri://localhost", true)]
    [InlineData("null", true)]
    [InlineData("", false)]
    [InlineData("https://app.example, https://app.example", false)]
    public async Task Origins_are_compared_exactly(string origin, bool isAllowed)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("backend"));
        var host = await proxy.ServeAsync(backend.Port, ("enable-cors", "true"),
            ("cors-allow-origin", "https://app.example, https://*.wild.example:8443, tauri://localhost, null, no-scheme.example,"));
        var field = origin.Length == 0 ? "" : $"Origin: {origin}\r\n";
        var preflight = await proxy.ExchangeAsync($"OPTIONS / HTTP/1.1\r\nHost: {host}\r\n{field}\r\n");
        var plain = await proxy.GetAsync(host, "/", field);

        Assert.Equal(isAllowed ? 204 : 200, preflight.Status);
        foreach (var response in new[] { preflight, plain })
        {
            Assert.Equal(isAllowed ? origin : null, response.One("Access-Control-Allow-Origin"));
            // Responses differ by origin, so caches must not share them.
            Assert.Equal("Origin", response.One("Vary"));
        }
    }

    [Fact]
    public async Task Headers_of_the_backend_are_replaced_for_allowed_origins_and_kept_for_others()
    {
        await using var backend = WireBackend.Answer(BackendsOwn);
        var host = await proxy.ServeAsync(backend.Port, ("enable-cors", "true"), ("cors-allow-origin", "https://app.example"),
            ("cors-allow-methods", "GET, PUT"), ("cors-allow-headers", "X-One"), ("cors-allow-credentials", "false"), ("cors-max-age", "7"));

        var allowed = await proxy.GetAsync(host, "/", "Origin: https://app.example\r\n");
        Assert.Equal("https://app.example", allowed.One("Access-Control-Allow-Origin"));
        Assert.Equal("GET, PUT", allowed.One("Access-Control-Allow-Methods"));
        Assert.Equal("X-One", allowed.One("Access-Control-Allow-Headers"));
        Assert.Equal("7", allowed.One("Access-Control-Max-Age"));
        Assert.Equal("X-Backend", allowed.One("Access-Control-Expose-Headers"));
        Assert.Null(allowed.One("Access-Control-Allow-Credentials"));
        Assert.Equal("Accept,Origin", string.Join(',', allowed.All("Vary")));

        var other = await proxy.GetAsync(host, "/", "Origin: https://other.example\r\n");
        Assert.Equal("https://backend.example", other.One("Access-Control-Allow-Origin"));
        Assert.Equal("TRACE", other.One("Access-Control-Allow-Methods"));
        Assert.Null(other.One("Access-Control-Allow-Headers"));
        Assert.Equal("true", other.One("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Local_replies_have_CORS_headers()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync(port, ("enable-cors", "true"), ("cors-expose-headers", "X-Total"), ("proxy-body-size", "1"));
        var unreachable = await proxy.GetAsync(host, "/", "Origin: https://any.example\r\n");
        var tooLarge = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nxx");
        Assert.Equal((502, 413), (unreachable.Status, tooLarge.Status));
        Assert.All(new[] { unreachable, tooLarge }, response =>
        {
            AssertDefaults(response, "*");
            Assert.Equal("X-Total", response.One("Access-Control-Expose-Headers"));
        });
    }

    [Theory]
    [InlineData("Origin", "Origin")]
    [InlineData("accept, ORIGIN", "accept, ORIGIN")]
    [InlineData("*", "*")]
    [InlineData("X-Origin", "X-Origin,Origin")]
    public async Task Vary_names_the_origin_once(string backends, string expected)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVary: {backends}\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("enable-cors", "true"), ("cors-allow-origin", "https://app.example"));
        var response = await proxy.GetAsync(host, "/", "Origin: https://app.example\r\n");
        Assert.Equal(expected, string.Join(',', response.All("Vary")));
    }

    [Theory]
    [InlineData("https://app.example\r\nX-Evil: 1")]
    [InlineData("https://app.example\nX-Evil: 1")]
    public async Task Line_breaks_do_not_reach_headers(string value)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("backend"));
        var host = await proxy.ServeAsync(backend.Port, ("enable-cors", "true"), ("cors-allow-origin", value), ("cors-allow-methods", value),
            ("cors-allow-headers", value), ("cors-expose-headers", value), ("cors-max-age", value));
        var response = await proxy.ExchangeAsync($"OPTIONS / HTTP/1.1\r\nHost: {host}\r\nOrigin: https://app.example\r\n\r\n");
        Assert.Empty(response.All("X-Evil"));
        Assert.Equal("GET, PUT, POST, DELETE, PATCH, OPTIONS", response.One("Access-Control-Allow-Methods"));
    }

    [Fact]
    public async Task Without_the_annotation_OPTIONS_is_forwarded()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("backend"));
        var host = await proxy.ServeAsync(backend.Port, ("cors-allow-origin", "https://app.example"));
        var response = await proxy.ExchangeAsync($"OPTIONS / HTTP/1.1\r\nHost: {host}\r\nOrigin: https://app.example\r\n\r\n");
        Assert.Equal("backend", response.Body);
        Assert.Null(response.One("Access-Control-Allow-Origin"));
    }

    private static void AssertDefaults(WireMessage response, string origin)
    {
        Assert.Equal(origin, response.One("Access-Control-Allow-Origin"));
        Assert.Equal("true", response.One("Access-Control-Allow-Credentials"));
        Assert.Equal("GET, PUT, POST, DELETE, PATCH, OPTIONS", response.One("Access-Control-Allow-Methods"));
        Assert.Equal(DefaultHeaders, response.One("Access-Control-Allow-Headers"));
        Assert.Equal("1728000", response.One("Access-Control-Max-Age"));
    }
}
