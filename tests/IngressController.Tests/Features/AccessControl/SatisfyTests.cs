using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.AccessControl;

/// <summary>satisfy any and all, compared with nginx.</summary>
public sealed class SatisfyTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private const string Users = "alice:{PLAIN}secret\\n";
    private const string Near = "127.0.0.1";
    private const string Far = "192.0.2.1";

    private static readonly string Password = $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes("alice:secret"))}\r\n";

    private static string Answer(int status) => $"HTTP/1.1 {status} X\r\n{(status == 401 ? "WWW-Authenticate: Bearer\r\n" : "")}Content-Length: 0\r\n\r\n";

    /// <param name="satisfy">The value any or all.</param>
    /// <param name="allow">The allow list; Near contains the client.</param>
    /// <param name="withUsers">True if a password is required.</param>
    /// <param name="service">The status of the authentication service; 0 if there is none.</param>
    /// <param name="login">True if the client sends the password.</param>
    /// <param name="status">The expected status.</param>
    [Theory]
    [InlineData("any", Near, true, 0, false, 200)]
    [InlineData("any", Near, true, 0, true, 200)]
    [InlineData("any", Far, true, 0, false, 401)]
    [InlineData("any", Far, true, 0, true, 200)]
    [InlineData("any", Near, false, 403, false, 200)]
    [InlineData("any", Far, false, 200, false, 200)]
    [InlineData("any", Far, false, 401, false, 401)]
    [InlineData("any", Far, false, 403, false, 403)]
    [InlineData("any", Far, false, 500, false, 500)]
    [InlineData("any", Far, true, 200, false, 200)]
    [InlineData("any", Far, true, 403, false, 401)]
    [InlineData("any", Far, true, 401, false, 401)]
    [InlineData("any", Far, true, 500, false, 500)]
    [InlineData("any", Far, true, 500, true, 200)]
    [InlineData("all", Near, true, 0, false, 401)]
    [InlineData("all", Near, true, 0, true, 200)]
    [InlineData("all", Far, true, 0, true, 403)]
    [InlineData("all", Far, true, 200, false, 403)]
    [InlineData("all", Near, true, 403, false, 401)]
    [InlineData("all", Near, true, 403, true, 403)]
    [InlineData("all", Near, true, 401, true, 401)]
    [InlineData("all", Near, true, 200, true, 200)]
    [InlineData("all", Near, false, 500, true, 500)]
    public async Task Satisfy_any_and_all_grant_access_as_in_nginx(string satisfy, string allow, bool withUsers, int service, bool login, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Answer(service));
        await proxy.AddSecretAsync("users", "auth", Users);
        List<(string, string)> annotations = [("satisfy", satisfy), ("allowlist-source-range", allow)];
        if (withUsers)
            annotations.AddRange([("auth-type", "basic"), ("auth-secret", "users"), ("auth-realm", "x")]);
        if (service != 0)
            annotations.Add(("auth-url", $"http://127.0.0.1:{auth.Port}/"));
        var host = await proxy.ServeAsync(backend, [.. annotations]);
        var fields = login ? Password : "";
        var actual = await proxy.GetAsync(host, "/", fields);

        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Users.Replace("\\n", "\n", StringComparison.Ordinal));
        await using var nginx = await NginxProcess.StartAsync($$"""
            location / {
              satisfy {{satisfy}};
              allow {{allow}};
              deny all;
              {{(withUsers ? $"auth_basic x; auth_basic_user_file {file};" : "")}}
              {{(service != 0 ? "auth_request /auth;" : "")}}
              proxy_pass http://127.0.0.1:{{backend.Port}};
            }
            location = /auth { internal; proxy_pass http://127.0.0.1:{{auth.Port}}; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
            """);
        var expected = await nginx.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        File.Delete(file);

        Assert.Equal((status, status), (actual.Status, expected.Status));
        if (status != 401)
            return;
        // With a Bearer service and a password the client can use either. nginx before 1.23 sends only the later challenge.
        Assert.Subset(actual.All("WWW-Authenticate").ToHashSet(), expected.All("WWW-Authenticate").ToHashSet());
    }

    [Theory]
    [InlineData("any")]
    [InlineData("all")]
    public async Task The_deny_list_denies_clients_that_could_log_in(string satisfy)
    {
        // Differs from ingress-nginx, where deny is one of the rules of satisfy any.
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", Users);
        var host = await proxy.ServeAsync(
            backend, ("satisfy", satisfy), ("denylist-source-range", "127.0.0.9"), ("auth-type", "basic"), ("auth-secret", "users"));
        Assert.Equal(403, (await proxy.GetFromAsync("127.0.0.9", host, Password)).Status);
        Assert.Equal(200, (await proxy.GetFromAsync("127.0.0.8", host, Password)).Status);
        // A client that is not on the deny list is not allowed by that alone.
        Assert.Equal(401, (await proxy.GetFromAsync("127.0.0.8", host)).Status);
    }

    [Fact]
    public async Task A_client_allowed_by_address_forwards_neither_a_password_nor_a_spoofed_user()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Answer(200));
        await proxy.AddSecretAsync("users", "auth", Users);
        var host = await proxy.ServeAsync(backend, ("satisfy", "any"), ("allowlist-source-range", Near), ("auth-type", "basic"), ("auth-secret", "users"),
            ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-response-headers", "X-User"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", Password + "X-User: admin\r\n")).Status);
        var request = Assert.Single(backend.Requests);
        Assert.Empty(auth.Requests);
        Assert.Empty(request.All("Authorization"));
        Assert.Empty(request.All("X-User"));
    }

    [Fact]
    public async Task A_path_without_authentication_is_still_subject_to_the_allow_list()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", Users);
        (string, string)[] login = [("satisfy", "any"), ("auth-type", "basic"), ("auth-secret", "users")];
        await proxy.ServeAtAsync("open.example", "/.well-known/acme-challenge", backend.Port, login);
        await proxy.ServeAtAsync("closed.example", "/.well-known/acme-challenge", backend.Port, [.. login, ("allowlist-source-range", Far)]);
        Assert.Equal(200, (await proxy.GetAsync("open.example", "/.well-known/acme-challenge/x", Password)).Status);
        // The proxy did not require the password, so it is forwarded.
        Assert.Single(Assert.Single(backend.Requests).All("Authorization"));
        Assert.Equal(403, (await proxy.GetAsync("closed.example", "/.well-known/acme-challenge/x", Password)).Status);
    }

    [Fact]
    public async Task An_invalid_value_means_all()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", Users);
        var host = await proxy.ServeAsync(backend, ("satisfy", "either"), ("allowlist-source-range", Near), ("auth-type", "basic"), ("auth-secret", "users"));
        Assert.Equal(401, (await proxy.GetAsync(host)).Status);
    }

    [Fact]
    public async Task A_sign_in_page_replaces_every_401()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(Answer(403));
        await proxy.AddSecretAsync("users", "auth", Users);
        var host = await proxy.ServeAsync(backend, ("satisfy", "any"), ("auth-type", "basic"), ("auth-secret", "users"),
            ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-signin", "https://login.example/?rd=/"));
        var answer = await proxy.GetAsync(host);
        Assert.Equal((302, "https://login.example/?rd=/"), (answer.Status, answer.One("Location")));
    }
}
