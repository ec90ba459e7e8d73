using System.Text;
using IngressController.Features.BasicAuthentication;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Values;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Features.BasicAuthentication;

/// <summary>auth-type basic over sockets, compared with nginx.</summary>
public sealed class BasicAuthTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    /// <summary>The users alice and bob with the password "secret", as {SHA} and {PLAIN}, which are cheap to verify.</summary>
    private const string Users = "alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\\nbob:{PLAIN}secret\\n";

    private static string Login(string user, string password) =>
        $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}\r\n";

    private async Task<string> ServeAsync(WireBackend backend, params (string, string)[] annotations)
    {
        await proxy.AddSecretAsync("users", "auth", Users);
        return await proxy.ServeAsync(backend, [("auth-type", "basic"), ("auth-secret", "users"), .. annotations]);
    }

    [Fact]
    public async Task Without_a_password_the_response_is_401_with_the_realm()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend, ("auth-realm", """Staff "only" \ here"""));
        var response = await proxy.GetAsync(host);
        Assert.Equal(401, response.Status);
        Assert.Equal("""Basic realm="Staff \"only\" \\ here""" + "\"", response.One("WWW-Authenticate"));
        Assert.Empty(backend.Requests);
    }

    [Theory]
    [InlineData("alice", "secret", 200)]
    [InlineData("bob", "secret", 200)]
    [InlineData("alice", "Secret", 401)]
    [InlineData("alice", "", 401)]
    [InlineData("Alice", "secret", 401)]
    [InlineData("mallory", "secret", 401)]
    [InlineData("", "secret", 401)]
    public async Task Only_users_with_their_password_get_access(string user, string password, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend);
        Assert.Equal(status, (await proxy.GetAsync(host, "/", Login(user, password))).Status);
    }

    [Fact]
    public async Task The_backend_does_not_receive_the_password()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend);
        await proxy.GetAsync(host, "/", Login("alice", "secret") + "X-Other: stays\r\n");
        var request = Assert.Single(backend.Requests);
        Assert.Empty(request.All("Authorization"));
        Assert.Equal("stays", request.One("X-Other"));
    }

    [Fact]
    public async Task Two_Authorization_headers_are_rejected()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend);
        Assert.Equal(401, (await proxy.GetAsync(host, "/", Login("alice", "secret") + Login("bob", "secret"))).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task The_users_name_is_remote_user()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var service = WireBackend.Answer(WireBackend.Ok(""));
        var host = await ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{service.Port}/check?user=$remote_user"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", Login("alice", "secret"))).Status);
        var authRequest = Assert.Single(service.Requests);
        Assert.Equal("/check?user=alice", authRequest.Target);
        // The service can need the password, the backend does not.
        Assert.StartsWith("Basic ", authRequest.One("Authorization"), StringComparison.Ordinal);
        Assert.Empty(Assert.Single(backend.Requests).All("Authorization"));
    }

    [Fact]
    public async Task Users_of_an_auth_map_log_in_and_a_changed_Secret_applies_immediately()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var fixture = new Fixture();
        await fixture.InitializeAsync();
        await fixture.Controller.ApplyAsync(Map("{PLAIN}first", backend.Port));
        Assert.Equal(200, (await fixture.GetAsync("map.example", "/", Login("carol", "first"))).Status);

        await fixture.Controller.ApplyAsync(Map("{PLAIN}second", backend.Port));
        Assert.Equal(401, (await fixture.GetAsync("map.example", "/", Login("carol", "first"))).Status);
        Assert.Equal(200, (await fixture.GetAsync("map.example", "/", Login("carol", "second"))).Status);
    }

    [Theory]
    [InlineData("auth-type=basic")]
    [InlineData("auth-type=digest,auth-secret=users")]
    [InlineData("auth-type=Negotiate,auth-secret=users")]
    [InlineData("auth-secret=users")]
    [InlineData("auth-type=basic,auth-secret=missing")]
    [InlineData("auth-type=basic,auth-secret=elsewhere/users")]
    [InlineData("auth-type=basic,auth-secret=users,auth-secret-type=plain")]
    [InlineData("auth-type=basic,auth-secret=people,auth-secret-type=auth-file")]
    public async Task Invalid_annotations_and_Secrets_fail_closed(string annotations)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", Users);
        await proxy.AddSecretAsync("people", "alice", "{PLAIN}secret");
        var host = await proxy.ServeAsync(backend, [.. annotations.Split(',').Select(pair => (pair.Split('=')[0], pair.Split('=')[1]))]);
        Assert.Equal(503, (await proxy.GetAsync(host, "/", Login("alice", "secret"))).Status);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Too_many_pending_passwords_return_503_with_Retry_After()
    {
        using var held = new BlockingVerifier();
        using var authenticator = new BasicAuthenticator(
            new BasicAuthenticationOptions { Workers = 1, MaxPending = 1, MaxPendingPerSet = 1, MaxPendingPerClient = 1 }, TimeProvider.System, held.Verify);
        Assert.True(PasswordHash.TryParse("$apr1$tP4EoiwO$u.GAOVcDBN5OFn47hmad40", out var hash, out _));
        var users = new CredentialSet([KeyValuePair.Create("alice", hash)]);
        var check = new BasicAuthCheck(new BasicAuthPolicy(users, "", new ResourceName("default", "users"), []), authenticator);
        var first = check.CheckAsync(ProxyRequests.Of(Request("alice", "one")));
        await held.WaitForStartAsync();
        var second = await check.CheckAsync(ProxyRequests.Of(Request("alice", "two")));
        Assert.Equal((503, (int?)1), (second!.Status, second.RetryAfter));
        held.Release();
        Assert.Equal(401, (await first)!.Status);
    }

    [Fact]
    public async Task Responses_equal_those_of_nginx()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await ServeAsync(backend, ("auth-realm", "Staff"));
        using var file = new TempFile(Users.Replace("\\n", "\n", StringComparison.Ordinal));
        await using var nginx = await NginxProcess.StartAsync($$"""
            location / { auth_basic "Staff"; auth_basic_user_file {{file.Path}}; proxy_set_header Authorization ""; proxy_pass http://127.0.0.1:{{backend.Port}}; }
            """);
        foreach (var fields in new[]
        {
            "", Login("alice", "secret"), Login("bob", "secret"), Login("bob", "wrong"), Login("nobody", "secret"), "Authorization: Bearer x\r\n", "Authorization: Basic\r\n",
            "Authorization: Basic !!!\r\n", "authorization: bASIC Ym9iOnNlY3JldA==\r\n", "Authorization: Basic  Ym9iOnNlY3JldA==\r\n", "Authorization: Basic Ym9iOnNlY3JldA\r\n",
        })
        {
            var actual = await proxy.GetAsync(host, "/", fields);
            var expected = await nginx.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
            Assert.True(actual.Status == expected.Status && actual.One("WWW-Authenticate") == expected.One("WWW-Authenticate"),
                $"{fields}: {actual.Status} {actual.One("WWW-Authenticate")}, nginx: {expected.Status} {expected.One("WWW-Authenticate")}");
        }
    }

    private static DefaultHttpContext Request(string user, string password)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = Login(user, password)["Authorization: ".Length..].TrimEnd();
        return context;
    }

    private static string Map(string hash, int port) => Manifests.Service("map", [port]) + $$"""
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: people}
        type: Opaque
        stringData: {carol: "{{hash}}"}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: map
          annotations: {nginx.ingress.kubernetes.io/auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: people, nginx.ingress.kubernetes.io/auth-secret-type: auth-map}
        spec:
          ingressClassName: yarp
          rules:
          - host: map.example
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: map, port: {number: 80} } } }]}

        """;

    private sealed class Fixture : AccessFixture, IAsyncDisposable
    {
        public new ValueTask DisposeAsync() => new(base.DisposeAsync());
    }

    private sealed class TempFile : IDisposable
    {
        public TempFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
