using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Headers;

/// <summary>request-headers, response-headers, custom-headers, cookies and redirects over the wire.</summary>
public sealed class HeaderChangeTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const string Backends =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nX-Powered-By: old\r\nX-Kept: 1\r\nX-Set: backend\r\nX-Set: twice\r\nX-Add: backend\r\n\r\nok";

    [Fact]
    public async Task Request_headers_are_set_added_and_removed()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend.Port, ("request-headers", """
            set:
              X-Set: ours
              Content-Type: application/x-ours
              User-Agent: proxy
            add:
              X-Add: ours
            remove: [X-Remove, authorization, Content-Language]
            """));
        await proxy.ExchangeAsync(
            $"POST / HTTP/1.1\r\nHost: {host}\r\nx-set: client\r\nX-SET: again\r\nX-Add: client\r\nX-Remove: 1\r\nAuthorization: Basic eDp5\r\n"
            + "Content-Type: text/plain\r\nContent-Language: de\r\nUser-Agent: client\r\nX-Other: 1\r\nContent-Length: 2\r\n\r\nhi");

        var request = Assert.Single(backend.Requests);
        Assert.Equal("hi", request.Body);
        Assert.Equal("ours", request.One("X-Set"));
        Assert.Equal("application/x-ours", request.One("Content-Type"));
        Assert.Equal("proxy", request.One("User-Agent"));
        Assert.Equal("client,ours", string.Join(',', request.All("X-Add")).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("1", request.One("X-Other"));
        Assert.All(new[] { "X-Remove", "Authorization", "Content-Language" }, name => Assert.Null(request.One(name)));
        Assert.Equal(host, request.One("Host"));
        Assert.NotNull(request.One("X-Forwarded-For"));
    }

    [Fact]
    public async Task Values_are_filled_with_variables_of_the_request()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(
            backend.Port,
            ("request-headers", "{set: {X-From: '$scheme://$host$request_uri', X-Price: '$$5', X-Empty: '$arg_none'}, add: {X-Add: 'a ${http_x_client}'}}"),
            ("response-headers", "{set: {X-Uri: '$uri', X-Id: '$request_id'}, add: {Link: '<https://$host/>'}}"));
        var response = (await proxy.ExchangeAsync($"GET /a%20b?q=1 HTTP/1.1\r\nHost: {host}\r\nX-Client: c\r\nX-Request-ID: id-1\r\nX-Empty: client\r\nConnection: close\r\n\r\n"));
        var request = Assert.Single(backend.Requests);
        Assert.Equal(
            ($"http://{host}/a%20b?q=1", "$5", "a c", null),
            (request.One("X-From"), request.One("X-Price"), request.One("X-Add"), request.One("X-Empty")));
        Assert.Equal(("/a%20b", $"<https://{host}/>"), (response.One("X-Uri"), response.One("Link")));
        Assert.NotEqual("$request_id", response.One("X-Id"));
    }

    /// <summary>A value of the client cannot add a header: its line breaks are decoded nowhere.</summary>
    [Theory]
    [InlineData("/?q=a%0d%0aX-Evil:1", "a%0d%0aX-Evil:1")]
    [InlineData("/?q=%00", "%00")]
    public async Task A_variable_never_ends_its_line(string target, string value)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend.Port, ("request-headers", "set: {X-Arg: '$arg_q'}"), ("response-headers", "set: {X-Arg: '$arg_q'}"));
        var response = await proxy.GetAsync(host, target);
        Assert.Equal((value, value), (Assert.Single(backend.Requests).One("X-Arg"), response.One("X-Arg")));
        Assert.Null(response.One("X-Evil"));
    }

    [Fact]
    public async Task A_request_without_a_body_stays_without_a_body()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend.Port, ("request-headers", "{set: {X-Set: ours}, remove: [Content-Type]}"));
        await proxy.GetAsync(host);
        var request = Assert.Single(backend.Requests);
        Assert.Equal("ours", request.One("X-Set"));
        Assert.Null(request.One("Content-Length"));
    }

    [Fact]
    public async Task Response_headers_are_set_added_and_removed()
    {
        await using var backend = WireBackend.Answer(Backends);
        var host = await proxy.ServeAsync(backend.Port, ("response-headers", """
            {"set": {"X-Set": "ours", "Content-Type": "text/ours"}, "add": {"X-Add": "ours"}, "remove": ["x-powered-by", "Server"]}
            """));
        var response = await proxy.GetAsync(host);
        Assert.Equal(("ok", "ours", "text/ours", "1"), (response.Body, response.One("X-Set"), response.One("Content-Type"), response.One("X-Kept")));
        Assert.Equal(["backend", "ours"], response.All("X-Add"));
        Assert.Empty(response.All("X-Powered-By"));
        Assert.Empty(response.All("Server"));
    }

    [Fact]
    public async Task Local_replies_have_the_headers()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync(port, ("response-headers", "set: {X-Frame-Options: DENY, X-Content-Type-Options: nosniff}"), ("proxy-body-size", "1"));
        var unreachable = await proxy.GetAsync(host);
        var tooLarge = await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nxx");
        Assert.Equal((502, 413), (unreachable.Status, tooLarge.Status));
        Assert.Equal(("DENY", "DENY"), (unreachable.One("X-Frame-Options"), tooLarge.One("X-Frame-Options")));
        Assert.Equal("nosniff", tooLarge.One("X-Content-Type-Options"));
    }

    [Fact]
    public async Task Cookies_that_the_Ingress_adds_are_not_rewritten()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b; Path=/app/\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("proxy-cookie-path", "/app/ /"), ("response-headers", "add: {Set-Cookie: c=d; Path=/app/}"));
        Assert.Equal(["a=b; Path=/", "c=d; Path=/app/"], (await proxy.GetAsync(host)).All("Set-Cookie"));
    }

    [Theory]
    [InlineData("proxy-cookie-domain", "backend.local x;\u00a0Secure")]
    [InlineData("proxy-cookie-domain", "backend.local x\r\nX-Evil:1")]
    [InlineData("proxy-cookie-path", "/ /\r\nX-Evil:1")]
    [InlineData("proxy-cookie-path", "/ /;HttpOnly")]
    [InlineData("proxy-cookie-path", "~^/(.*)$ /$1\nX-Evil:1")]
    public async Task A_rewritten_cookie_cannot_split_the_response_or_the_cookie(string annotation, string value)
    {
        const string cookie = "a=b; Domain=backend.local; Path=/";
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: {cookie}\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, (annotation, value));
        var response = await proxy.GetAsync(host);
        Assert.Equal((200, cookie), (response.Status, response.One("Set-Cookie")));
        Assert.Empty(response.All("X-Evil"));
    }

    [Theory]
    [InlineData("http://backend.local/", "/\r\nX-Evil:1")]
    [InlineData("http://backend.local/", "/\u0085X-Evil:1")]
    [InlineData("http://backend.local/\r", "/x")]
    public async Task A_rewritten_redirect_cannot_split_the_response(string from, string to)
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://backend.local/%0d%0aX-Evil:1\r\n\r\n");
        // White space at the ends of a value is trimmed, so this value has it in the middle.
        var host = await proxy.ServeAsync(backend.Port, ("proxy-redirect-from", from + "\rx"), ("proxy-redirect-to", to));
        var response = await proxy.GetAsync(host);
        Assert.Equal("http://backend.local/%0d%0aX-Evil:1", response.One("Location"));
        Assert.Empty(response.All("X-Evil"));
    }

    [Fact]
    public async Task Escapes_of_the_backend_are_kept_in_a_rewritten_redirect()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://backend.local/%0d%0aX-Evil:1\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("proxy-redirect-from", "http://backend.local/"), ("proxy-redirect-to", "/"));
        var response = await proxy.GetAsync(host);
        Assert.Equal("/%0d%0aX-Evil:1", response.One("Location"));
        Assert.Empty(response.All("X-Evil"));
    }

    [Fact]
    public async Task No_pattern_stalls_a_response()
    {
        var path = new string('a', 8_000);
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b; Path={path}!\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("proxy-cookie-path", "~^(a+)+$ /$1"));
        Assert.Equal($"a=b; Path={path}!", (await proxy.GetAsync(host)).One("Set-Cookie"));
    }
}
