using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ExternalAuthentication;

/// <summary>auth-url over sockets.</summary>
public sealed class ExternalAuthTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static string Status(int status, string fields = "") => $"HTTP/1.1 {status} X\r\n{fields}Content-Length: 2\r\n\r\nno";

    [Theory]
    [InlineData(200, 200)]
    [InlineData(202, 200)]
    [InlineData(204, 200)]
    [InlineData(299, 200)]
    [InlineData(401, 401)]
    [InlineData(403, 403)]
    [InlineData(302, 500)]
    [InlineData(304, 500)]
    [InlineData(400, 500)]
    [InlineData(404, 500)]
    [InlineData(407, 500)]
    [InlineData(429, 500)]
    [InlineData(500, 500)]
    [InlineData(503, 500)]
    public async Task Access_depends_on_the_status_of_the_service(int service, int expected)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(_ => service is 204 or 304 ? $"HTTP/1.1 {service} X\r\n\r\n" : Status(service));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/check"));
        var answer = await proxy.GetAsync(host);
        Assert.Equal(expected, answer.Status);
        Assert.Equal(expected == 200 ? 1 : 0, backend.Requests.Count);
        Assert.DoesNotContain("127.0.0.1", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_receives_the_details_of_the_request_without_its_body()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(WireBackend.Ok(""));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/check?x=1"));
        var answer = await proxy.ExchangeAsync(
            $"POST /a%2Fb/?q=%20 HTTP/1.1\r\nHost: {host}:8080\r\nCookie: s=1\r\nAuthorization: Bearer t\r\nX-Own: v\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(200, answer.Status);
        var authRequest = Assert.Single(auth.Requests);
        Assert.Equal("GET /check?x=1 HTTP/1.1", authRequest.Start);
        Assert.Equal("127.0.0.1", authRequest.One("Host"));
        Assert.Equal("", authRequest.Body);
        Assert.Empty(authRequest.All("Content-Length").Concat(authRequest.All("Transfer-Encoding")));
        Assert.Equal($"http://{host}:8080/a%2Fb/?q=%20", authRequest.One("X-Original-URL"));
        Assert.Equal("POST", authRequest.One("X-Original-Method"));
        Assert.Equal("nginx-ingress-controller", authRequest.One("X-Sent-From"));
        Assert.Equal("127.0.0.1", authRequest.One("X-Real-IP"));
        Assert.Equal("127.0.0.1", authRequest.One("X-Forwarded-For"));
        Assert.Equal("/a%2Fb/?q=%20", authRequest.One("X-Auth-Request-Redirect"));
        Assert.Equal(32, authRequest.One("X-Request-ID")!.Length);
        Assert.Null(authRequest.One("X-Forwarded-Proto"));
        Assert.Null(authRequest.One("X-Original-URI"));
        Assert.Equal(("s=1", "Bearer t", "v", "text/x"), (authRequest.One("Cookie"), authRequest.One("Authorization"), authRequest.One("X-Own"), authRequest.One("Content-Type")));
        var forwarded = Assert.Single(backend.Requests);
        Assert.Equal(("hello", authRequest.One("X-Request-ID")), (forwarded.Body, forwarded.One("X-Request-ID")));
    }

    [Fact]
    public async Task Auth_method_sets_the_method_and_adds_two_headers()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(WireBackend.Ok(""));
        var host = await proxy.ServeAsync(
            backend, ("auth-url", $"http://127.0.0.1:{auth.Port}$request_uri"), ("auth-method", "POST"), ("auth-request-redirect", "https://$host/back$request_uri"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/x?y=1")).Status);
        var authRequest = Assert.Single(auth.Requests);
        Assert.Equal(("POST", "/x?y=1"), (authRequest.Method, authRequest.Target));
        Assert.Equal(("/x?y=1", "http"), (authRequest.One("X-Original-URI"), authRequest.One("X-Scheme")));
        Assert.Equal($"https://{host}/back/x?y=1", authRequest.One("X-Auth-Request-Redirect"));
    }

    [Theory]
    [InlineData("GET", null)]
    [InlineData("HEAD", null)]
    [InlineData("POST", "0")]
    public async Task Headers_of_content_are_sent_without_a_length_unless_the_method_asks_for_one(string method, string? length)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer("HTTP/1.1 204 X\r\n\r\n");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-method", method));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "Content-Type: text/x\r\nContent-Language: de\r\n")).Status);
        var authRequest = Assert.Single(auth.Requests);
        Assert.Equal(("text/x", "de", length), (authRequest.One("Content-Type"), authRequest.One("Content-Language"), authRequest.One("Content-Length")));
    }

    [Fact]
    public async Task Headers_of_a_ConfigMap_are_sent_to_the_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(WireBackend.Ok(""));
        await proxy.AddAsync("""
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: told}
            data: {X-Tenant: "blue", X-Forwarded-Proto: "$scheme", X-Sent-From: "us", X-Unwanted: ""}

            """);
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-proxy-set-headers", "told"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X-Tenant: red\r\nx_tenant: red\r\nX-Unwanted: 1\r\n")).Status);
        var authRequest = Assert.Single(auth.Requests);
        Assert.Equal(("blue", "http", "us"), (authRequest.One("X-Tenant"), authRequest.One("X-Forwarded-Proto"), authRequest.One("X-Sent-From")));
        Assert.Empty(authRequest.All("x_tenant"));
        Assert.Empty(authRequest.All("X-Unwanted"));
    }

    [Fact]
    public async Task Without_a_login_the_client_receives_the_challenges_of_the_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Status(401, "WWW-Authenticate: Bearer realm=\"x\"\r\nWWW-Authenticate: Basic realm=\"y\"\r\nSet-Cookie: a=1\r\n"));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        var answer = await proxy.GetAsync(host);
        Assert.Equal(401, answer.Status);
        Assert.Equal(["Bearer realm=\"x\"", "Basic realm=\"y\""], answer.All("WWW-Authenticate"));
        Assert.Empty(answer.All("Set-Cookie"));
    }

    [Theory]
    [InlineData("https://login.example/start", "https://login.example/start?rd=http://{host}%2Fa%3Fx%3D1%26y%3D%2520")]
    [InlineData("https://login.example/start?x=1", "https://login.example/start?x=1&rd=http://{host}%2Fa%3Fx%3D1%26y%3D%2520")]
    [InlineData("https://login.example/start?rd=/home", "https://login.example/start?rd=/home")]
    [InlineData("https://$host/start?rd=$escaped_request_uri", "https://{host}/start?rd=%2Fa%3Fx%3D1%26y%3D%2520")]
    [InlineData("/start", "/start?rd=http://{host}%2Fa%3Fx%3D1%26y%3D%2520")]
    public async Task Without_a_login_the_client_is_redirected_to_the_sign_in_page(string page, string expected)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Status(401, "WWW-Authenticate: Bearer\r\nSet-Cookie: csrf=1; Path=/\r\nSet-Cookie: b=2\r\n"));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-signin", page));
        var answer = await proxy.GetAsync(host, "/a?x=1&y=%20");
        Assert.Equal(302, answer.Status);
        Assert.Equal(expected.Replace("{host}", host, StringComparison.Ordinal), answer.One("Location"));
        Assert.Equal(["csrf=1; Path=/", "b=2"], answer.All("Set-Cookie"));
        Assert.Empty(answer.All("WWW-Authenticate"));
    }

    [Fact]
    public async Task The_name_of_the_return_parameter_is_configurable()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Status(401));
        var host = await proxy.ServeAsync(
            backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-signin", "https://login.example/?rd=x"), ("auth-signin-redirect-param", "next"));
        Assert.Equal($"https://login.example/?rd=x&next=http://{host}%2F", (await proxy.GetAsync(host)).One("Location"));
    }

    [Theory]
    [InlineData(200, "false", true)]
    [InlineData(304, "false", true)]
    [InlineData(404, "false", false)]
    [InlineData(500, "false", false)]
    [InlineData(404, "true", true)]
    [InlineData(500, "true", true)]
    public async Task The_client_receives_the_cookies_of_the_service(int status, string always, bool expected)
    {
        await using var backend = WireBackend.Answer(_ => $"HTTP/1.1 {status} X\r\nSet-Cookie: own=1\r\n{(status == 304 ? "" : "Content-Length: 0\r\n")}\r\n");
        await using var auth = WireBackend.Answer("HTTP/1.1 200 OK\r\nSet-Cookie: s=2\r\nSet-Cookie: t=3\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-always-set-cookie", always));
        var answer = await proxy.GetAsync(host);
        Assert.Equal(status, answer.Status);
        Assert.Equal(expected ? ["own=1", "s=2", "t=3"] : ["own=1"], answer.All("Set-Cookie"));
    }

    [Theory]
    [InlineData("false", 0)]
    [InlineData("true", 1)]
    public async Task Local_replies_have_the_cookies_of_the_service_only_with_auth_always_set_cookie(string always, int count)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Status(403, "Set-Cookie: s=2\r\n"));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-always-set-cookie", always));
        var answer = await proxy.GetAsync(host);
        Assert.Equal((403, count), (answer.Status, answer.All("Set-Cookie").Length));
    }

    [Fact]
    public async Task Exempt_rules_do_not_call_the_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Status(401));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        // The path of the rule is compared, not that of the request.
        Assert.Equal(401, (await proxy.GetAsync(host, "/.well-known/acme-challenge/token")).Status);
        await proxy.ServeAtAsync(host, "/.well-known/acme-challenge", backend.Port, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-response-headers", "X-User"));
        var before = auth.Requests.Count;
        Assert.Equal(200, (await proxy.GetAsync(host, "/.well-known/acme-challenge/token", "X-User: admin\r\n")).Status);
        Assert.Equal(before, auth.Requests.Count);
        // No service sets the header there.
        Assert.Empty(backend.Requests.Last().All("X-User"));
    }

    [Fact]
    public async Task Connections_to_the_service_are_reused_although_bodies_are_not_used()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(WireBackend.Ok(new string('x', 2000)));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        for (var i = 0; i < 5; i++)
            Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal((5, 1), (auth.Requests.Count, auth.Accepted));
    }

    [Fact]
    public async Task A_pooled_connection_closed_by_the_service_fails_no_request()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(WireBackend.Ok(""));
            // Closed only after the next request has arrived.
            await connection.ReadRequestAsync();
        });
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await proxy.GetAsync(host, "/", "Content-Type: text/x\r\n")).Status);
    }
}
