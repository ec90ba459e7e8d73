using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ExternalAuthentication;

/// <summary>Attempts of a client, or of an authentication service, to impersonate another user.</summary>
public sealed class ExternalAuthSecurityTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static WireBackend Granting(string fields) => WireBackend.Answer($"HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");

    private Task<string> ServeAsync(WireBackend backend, WireBackend auth, string headers = "X-User, X-Groups") =>
        proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-response-headers", headers));

    [Theory]
    [InlineData("X-User: admin\r\n")]
    [InlineData("x_user: admin\r\n")]
    [InlineData("X.User: admin\r\n")]
    [InlineData("X-User: admin\r\nX-User: root\r\nX_User: root\r\n")]
    [InlineData("X-User: admin\r\nConnection: X-User\r\n")]
    [InlineData("Connection: close, x-user\r\nX-User: admin\r\n")]
    public async Task User_headers_reach_the_backend_only_from_the_service(string fields)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("X-User: alice\r\n");
        Assert.Equal(200, (await proxy.GetAsync(await ServeAsync(backend, auth), "/", fields)).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Equal("alice", request.One("X-User"));
        Assert.Single(request.Fields, field => field.Name.Replace('_', '-').Replace('.', '-').Equals("X-User", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The headers of oauth2-proxy: the family of forwarding headers, without those that the proxy sets itself.</summary>
    [Fact]
    public async Task Headers_of_the_forwarding_family_reach_the_backend_only_from_the_service()
    {
        string[] names = ["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Groups", "X-Forwarded-Access-Token"];
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting(string.Concat(names[..^1].Select(name => $"{name}: of-{name}\r\n")));
        var host = await ServeAsync(backend, auth, string.Join(", ", names));
        var fields = string.Concat(names.Select(name => $"{name}: forged\r\n{name.Replace('-', '_')}: forged\r\n"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", $"{fields}X-Forwarded-For: 6.6.6.6\r\n")).Status);
        var request = Assert.Single(backend.Requests);
        Assert.All(names[..^1], name => Assert.Equal($"of-{name}", request.One(name)));
        Assert.Null(request.One(names[^1]));
        Assert.Equal("127.0.0.1", request.One("X-Forwarded-For"));
        Assert.DoesNotContain(request.Fields, field => field.Value == "forged");
    }

    [Theory]
    [InlineData("")]
    [InlineData("X-User:\r\n")]
    [InlineData("X-User: \r\n")]
    public async Task A_header_missing_or_empty_in_the_services_response_is_removed(string answered)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting(answered);
        Assert.Equal(200, (await proxy.GetAsync(await ServeAsync(backend, auth), "/", "X-User: admin\r\nx_groups: admins\r\nX-Else: stays\r\n")).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Empty(request.All("X-User"));
        Assert.Empty(request.All("x_groups"));
        Assert.Equal("stays", request.One("X-Else"));
    }

    [Fact]
    public async Task Several_values_are_joined_to_a_list_and_Authorization_can_be_replaced()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("X-Groups: a\r\nX-Groups: b\r\nAuthorization: Bearer inner\r\n");
        Assert.Equal(200, (await proxy.GetAsync(await ServeAsync(backend, auth, "X-Groups,Authorization"), "/", "Authorization: Bearer outer\r\n")).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Equal(("a, b", "Bearer inner"), (request.One("X-Groups"), request.One("Authorization")));
    }

    [Fact]
    public async Task A_response_with_control_characters_denies_access()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("X-User: alice\x0B\r\n");
        Assert.Equal(500, (await proxy.GetAsync(await ServeAsync(backend, auth))).Status);
        Assert.Empty(backend.Requests);
    }

    /// <summary>The Host of the client is the address of a service under its control, which would grant access.</summary>
    [Fact]
    public async Task A_name_matched_by_a_pattern_alias_does_not_choose_the_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("");
        await proxy.ServeAtAsync("chosen.example", "/", backend.Port, ("auth-url", $"http://$host:{auth.Port}/"), ("server-alias", "~^127[.]0[.]0[.]1$"));
        Assert.Equal(500, (await proxy.GetAsync("127.0.0.1")).Status);
        Assert.Empty(auth.Requests);
        Assert.Empty(backend.Requests);
    }

    /// <summary>RFC 9110, 5.5: recipients replace CR or NUL in a value by a space; the .NET client does.</summary>
    [Theory]
    [InlineData("X-User: alice\rX-Admin: 1\r\n", "alice X-Admin: 1")]
    [InlineData("X-User: al\0ice\r\n", "al ice")]
    public async Task A_lone_CR_or_NUL_in_the_response_adds_no_second_header(string answered, string expected)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting(answered);
        Assert.Equal(200, (await proxy.GetAsync(await ServeAsync(backend, auth))).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Equal(expected, request.One("X-User"));
        Assert.Empty(request.All("X-Admin"));
    }

    [Fact]
    public async Task A_folded_header_in_the_response_adds_no_second_header()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("X-User: alice\r\n X-Admin: 1\r\n");
        await proxy.GetAsync(await ServeAsync(backend, auth));
        Assert.All(backend.Requests, request => Assert.Empty(request.All("X-Admin")));
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("Connection")]
    [InlineData("Transfer-Encoding")]
    [InlineData("transfer_encoding")]
    [InlineData("Content-Length")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X_Real_IP")]
    [InlineData("Upgrade")]
    public async Task Framing_and_forwarding_headers_cannot_be_listed(string name)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting($"{name}: 0\r\n");
        Assert.Equal(503, (await proxy.GetAsync(await ServeAsync(backend, auth, $"X-User,{name}"))).Status);
        Assert.Empty(auth.Requests);
    }

    [Fact]
    public async Task A_client_cannot_set_the_headers_of_the_proxy_to_the_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("");
        var host = await ServeAsync(backend, auth);
        await proxy.GetAsync(host, "/admin", string.Concat(new[]
        {
            "X-Original-URL", "X_Original_URL", "X-Original-Method", "x_original_method", "X-Original-URI", "X-Forwarded-For", "X-Real-IP", "X_Real_IP", "X-Forwarded-Proto",
            "X-Forwarded-Uri", "X-Forwarded-Host", "X-Sent-From", "X-Auth-Request-Redirect", "X-Scheme",
        }.Select(name => $"{name}: spoofed\r\n")) + "Connection: X-Original-URL\r\n");
        var authRequest = Assert.Single(auth.Requests);
        Assert.DoesNotContain(authRequest.Fields, field => field.Value.Contains("spoofed", StringComparison.Ordinal));
        Assert.Equal($"http://{host}/admin", authRequest.One("X-Original-URL"));
    }

    /// <summary>The expected locations keep the host that the page names.</summary>
    [Theory]
    [InlineData("https://login.example/?rd=$escaped_request_uri", "//evil.example/x", "https://login.example/?rd=%2Fevil.example%2Fx")]
    [InlineData("https://login.example/?rd=$escaped_request_uri", "////evil.example", "https://login.example/?rd=%2Fevil.example")]
    [InlineData("https://login.example/?rd=$request_uri", "//evil.example/x", "https://login.example/?rd=/evil.example/x")]
    [InlineData("https://login.example$request_uri", "//evil.example/x", "https://login.example/evil.example/x?rd=http://{host}%2F%2Fevil.example%2Fx")]
    [InlineData("https://login.example/", "//evil.example/x", "https://login.example/?rd=http://{host}%2F%2Fevil.example%2Fx")]
    [InlineData("/login", "//evil.example/x", "/login?rd=http://{host}%2F%2Fevil.example%2Fx")]
    [InlineData("https://login.example/?u=$http_x_u&rd=/", "/", "https://login.example/?u=a%20b%FC&rd=/")]
    public async Task A_path_that_looks_like_a_host_does_not_change_the_redirect_target(string page, string target, string expected)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-signin", page));
        var answer = await proxy.GetAsync(host, target, "X-U: a b\xFC\r\n");
        Assert.Equal((302, expected.Replace("{host}", host, StringComparison.Ordinal)), (answer.Status, answer.One("Location")));
    }

    [Theory]
    [InlineData("//evil.example/login")]
    [InlineData("/$arg_next")]
    [InlineData("https://$arg_next/")]
    [InlineData("javascript:alert(1)")]
    public async Task An_invalid_sign_in_page_is_not_used(string page)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-signin", page));
        Assert.Equal(401, (await proxy.GetAsync(host, "/?next=/evil.example")).Status);
    }

    [Fact]
    public async Task Values_of_a_request_end_neither_the_line_nor_the_path_of_the_URL()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/check?t=$http_x_token&c=$cookie_c"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X-Token: a HTTP/1.1#\xFF\r\nCookie: c=1%0d%0a\r\n")).Status);
        Assert.Equal("/check?t=a%20HTTP/1.1%23%FF&c=1%0d%0a", Assert.Single(auth.Requests).Target);
    }

    [Theory]
    [InlineData("/%61dmin")]
    [InlineData("/x/../admin")]
    [InlineData("/x/%2e%2e/admin")]
    [InlineData("//admin")]
    [InlineData("/admin%2f")]
    [InlineData("/admin%2Fusers")]
    [InlineData("/./admin")]
    [InlineData("/admin/")]
    [InlineData("/admin/../admin")]
    [InlineData("/admin/..;/")]
    [InlineData("/..;/admin")]
    [InlineData("/admin%00")]
    [InlineData("/\\admin")]
    [InlineData("http://HOST/admin")]
    [InlineData("HTTP://HOST/admin")]
    public async Task No_encoding_of_a_protected_path_bypasses_authentication(string target)
    {
        await using var open = WireBackend.Answer(WireBackend.Ok("open"));
        await using var admin = WireBackend.Answer(WireBackend.Ok("admin"));
        await using var auth = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(open);
        await proxy.ServeAtAsync(host, "/admin", admin.Port, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        Assert.Contains((await proxy.GetAsync(host, target.Replace("HOST", host, StringComparison.Ordinal))).Status, (int[])[400, 401]);
        Assert.Empty(open.Requests);
        Assert.Empty(admin.Requests);
    }

    [Theory]
    [InlineData("/ADMIN")]
    [InlineData("/admin;x")]
    [InlineData("/administrator")]
    [InlineData("/%2561dmin")]
    public async Task An_unprotected_path_is_forwarded_unchanged(string target)
    {
        await using var open = WireBackend.Answer(WireBackend.Ok("open"));
        await using var admin = WireBackend.Answer(WireBackend.Ok("admin"));
        await using var auth = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(open);
        await proxy.ServeAtAsync(host, "/admin", admin.Port, ("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        Assert.Equal("open", (await proxy.GetAsync(host, target)).Body);
        Assert.Equal(target, Assert.Single(open.Requests).Target);
    }

    [Theory]
    [InlineData("auth-method=get")]
    [InlineData("auth-response-headers=X User")]
    [InlineData("auth-request-redirect=$nothing")]
    [InlineData("auth-cache-key=$host;auth-cache-duration=5")]
    [InlineData("auth-always-set-cookie=yes")]
    [InlineData("auth-proxy-set-headers=missing")]
    [InlineData("auth-proxy-set-headers=elsewhere/headers")]
    [InlineData("auth-url=ftp://127.0.0.1/")]
    [InlineData("auth-url=https://$http_x/")]
    public async Task An_invalid_annotation_fails_closed(string annotations)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = Granting("");
        var set = annotations.Split(';').Select(pair => (pair.Split('=')[0], pair[(pair.IndexOf('=') + 1)..])).ToList();
        if (!set.Exists(pair => pair.Item1 == "auth-url"))
            set.Add(("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        Assert.Equal(503, (await proxy.GetAsync(await proxy.ServeAsync(backend, [.. set]))).Status);
        Assert.Empty(backend.Requests);
        Assert.Empty(auth.Requests);
    }
}
