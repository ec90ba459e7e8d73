using System.Security.Cryptography;
using System.Text;
using IngressController.Tests.Fakes;
using IngressController.Tests.Shutdown;

namespace IngressController.Tests.Features.JsonWebTokens;

/// <summary>jwt-issuer and its companions over sockets.</summary>
public sealed class JwtTests(AccessFixture proxy) : IClassFixture<AccessFixture>, IAsyncLifetime
{
    private readonly TestIssuer _issuer = new();
    private readonly WireBackend _backend = WireBackend.Answer(WireBackend.Ok("in"));

    public static TheoryData<string> HostileTokens => [.. Hostile.Keys];

    private static Dictionary<string, (Func<TestIssuer, string> Token, string Problem)> Hostile { get; } = new()
    {
        ["no signature, alg none"] = (issuer => $"{TestIssuer.Encode(new { alg = "none" })}.{TestIssuer.Encode(issuer.Claims())}.", "not valid"),
        ["alg None in another case"] = (issuer => $"{TestIssuer.Encode(new { alg = "nOnE", kid = "ec-1" })}.{TestIssuer.Encode(issuer.Claims())}.", "not valid"),
        ["the signature cut off"] = (issuer => issuer.Token()[..(issuer.Token().LastIndexOf('.') + 1)], "not valid"),
        ["one bit of the claims"] = (issuer => Changed(issuer.Token(), 1), "not valid"),
        ["one bit of the signature"] = (issuer => Changed(issuer.Token(), 2), "not valid"),
        ["HS256 with the public key as PEM"] = (issuer => Hmac(issuer, Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem()), "rsa-1"), "not"),
        ["HS256 with the public key as DER"] = (issuer => Hmac(issuer, issuer.Rsa.ExportSubjectPublicKeyInfo(), "rsa-1"), "not"),
        ["HS256 with the modulus"] = (issuer => Hmac(issuer, issuer.Rsa.ExportParameters(false).Modulus!, "rsa-1"), "not"),
        ["HS256 with the key of the set"] = (issuer => Hmac(issuer, "shared-secret-of-the-set-32-bytes"u8.ToArray(), "hmac-1"), "not"),
        ["the key of another issuer"] = (_ => OfAnotherKey("ec-1"), "signature of the token is not valid"),
        ["the key of another issuer without a key id"] = (_ => OfAnotherKey(null), "not"),
        ["a key id that is not known"] = (issuer => issuer.Sign(new { alg = "ES256", kid = "other" }, issuer.Claims()), "the key of the token is not known"),
        ["a key id that is a path"] = (issuer => issuer.Sign(new { alg = "ES256", kid = "../../ec-1" }, issuer.Claims()), "the key of the token is not known"),
        ["a key in the head"] = (issuer => WithOwnKey(issuer), "not"),
        ["the address of a key in the head"] = (issuer => issuer.Sign(new { alg = "ES256", kid = "x", jku = issuer.KeysUri }, issuer.Claims()), "not known"),
        ["the algorithm of another key"] = (issuer => issuer.Sign(new { alg = "RS256", kid = "ec-1" }, issuer.Claims()), "not"),
        ["an extension that is critical"] = (issuer => issuer.Sign(new { alg = "ES256", kid = "ec-1", crit = new[] { "b64" }, b64 = false }, issuer.Claims()), "not valid"),
        ["another issuer"] = (issuer => issuer.Token(("iss", $"{issuer.Name}/")), "another issuer"),
        ["no issuer"] = (issuer => issuer.Token(("iss", null)), "another issuer"),
        ["another audience"] = (issuer => issuer.Token(("aud", "shop2")), "another audience"),
        ["an audience in another case"] = (issuer => issuer.Token(("aud", "Shop")), "another audience"),
        ["no audience"] = (issuer => issuer.Token(("aud", null)), "another audience"),
        ["expired"] = (issuer => issuer.Token(("exp", TestIssuer.Now(-61))), "expired"),
        ["no expiration"] = (issuer => issuer.Token(("exp", null)), "expired"),
        ["not valid yet"] = (issuer => issuer.Token(("nbf", TestIssuer.Now(70))), "expired"),
        ["an expiration that is text"] = (issuer => issuer.Token(("exp", "tomorrow")), ""),
        ["an expiration beyond all dates"] = (issuer => issuer.Token(("exp", -1)), ""),
        ["encrypted"] = (_ => "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", "not valid"),
        ["no JSON"] = (_ => "YQ.YQ.YQ", "not valid"),
        ["one part"] = (_ => "token", "not valid"),
        ["dots"] = (_ => "..", "not valid"),
    };

    [Fact]
    public async Task A_valid_token_reaches_the_backend_unchanged()
    {
        var host = await ServeAsync();
        var token = _issuer.Token();
        Assert.Equal(200, (await GetAsync(host, token)).Status);
        Assert.Equal($"Bearer {token}", Assert.Single(_backend.Requests).One("Authorization"));
    }

    [Theory]
    [InlineData("Authorization: bearer {0}\r\n", 200)]
    [InlineData("Authorization: Bearer   {0} \r\n", 200)]
    [InlineData("Authorization: {0}\r\n", 401)]
    [InlineData("Authorization: Basic {0}\r\n", 401)]
    [InlineData("Authorization: Bearer\r\n", 401)]
    [InlineData("Authorization: Bearer {0}\r\nAuthorization: Bearer {0}\r\n", 401)]
    [InlineData("Authorization: Bearer {0}, Bearer {0}\r\n", 401)]
    [InlineData("X-Token: {0}\r\n", 401)]
    [InlineData("Cookie: Authorization={0}\r\n", 401)]
    [InlineData("", 401)]
    public async Task The_token_is_in_one_header(string fields, int status)
    {
        var host = await ServeAsync();
        var answer = await proxy.GetAsync(host, "/", fields.Replace("{0}", _issuer.Token(), StringComparison.Ordinal));
        Assert.Equal(status, answer.Status);
        if (status == 401)
            Assert.StartsWith("Bearer", answer.One("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Equal(status == 200 ? 1 : 0, _backend.Requests.Count);
    }

    [Theory]
    [InlineData("{0}", 200)]
    [InlineData("Bearer {0}", 200)]
    [InlineData("Basic {0}", 401)]
    public async Task Another_header_can_have_the_token(string value, int status)
    {
        var host = await ServeAsync(("jwt-header", "X-Token"));
        Assert.Equal(status, (await proxy.GetAsync(host, "/", $"X-Token: {value.Replace("{0}", _issuer.Token(), StringComparison.Ordinal)}\r\n")).Status);
        Assert.Equal(401, (await GetAsync(host, _issuer.Token())).Status);
    }

    [Theory]
    [MemberData(nameof(HostileTokens))]
    public async Task A_token_that_is_not_valid_answers_401(string name)
    {
        _issuer.Answer = () => WireBackend.Ok(_issuer.KeySet.Replace("\"keys\":[",
            $"\"keys\":[{{\"kty\":\"oct\",\"kid\":\"hmac-1\",\"k\":\"{Convert.ToBase64String("shared-secret-of-the-set-32-bytes"u8).TrimEnd('=')}\"}},", StringComparison.Ordinal));
        var host = await ServeAsync();
        var (token, problem) = Hostile[name];
        var answer = await GetAsync(host, token(_issuer));
        Assert.Equal(401, answer.Status);
        Assert.StartsWith("Bearer error=\"invalid_token\"", answer.One("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Contains(problem, answer.One("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Empty(_backend.Requests);
        Assert.Equal(200, (await GetAsync(host, _issuer.Token())).Status);
    }

    [Fact]
    public async Task All_algorithms_of_private_keys_are_accepted()
    {
        var host = await ServeAsync();
        foreach (var (algorithm, hash, padding) in new[]
        {
            ("RS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), ("RS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1), ("RS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            ("PS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pss), ("PS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pss), ("PS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
        })
        {
            var token = TestIssuer.Sign(new { alg = algorithm, kid = "rsa-1" }, _issuer.Claims(), text => _issuer.Rsa.SignData(text, hash, padding));
            Assert.Equal((algorithm, 200), (algorithm, (await GetAsync(host, token)).Status));
        }

        var withoutId = _issuer.Sign(new { alg = "ES256" }, _issuer.Claims());
        Assert.Equal(200, (await GetAsync(host, withoutId)).Status);
    }

    [Fact]
    public async Task The_clock_may_differ_by_the_skew()
    {
        var host = await ServeAsync();
        Assert.Equal(200, (await GetAsync(host, _issuer.Token(("exp", TestIssuer.Now(-30)), ("nbf", TestIssuer.Now(30))))).Status);
        var strict = await ServeAsync(("jwt-clock-skew", "0"));
        Assert.Equal(401, (await GetAsync(strict, _issuer.Token(("exp", TestIssuer.Now(-1))))).Status);
        Assert.Equal(401, (await GetAsync(strict, _issuer.Token(("nbf", TestIssuer.Now(30))))).Status);
    }

    [Fact]
    public async Task One_of_several_audiences_is_enough_and_a_star_allows_any()
    {
        var host = await ServeAsync(("jwt-audience", "shop, admin"));
        Assert.Equal(200, (await GetAsync(host, _issuer.Token(("aud", new[] { "other", "admin" })))).Status);
        Assert.Equal(401, (await GetAsync(host, _issuer.Token(("aud", new[] { "other" })))).Status);
        var any = await ServeAsync(("jwt-audience", "*"));
        Assert.Equal(200, (await GetAsync(any, _issuer.Token(("aud", null)))).Status);
    }

    [Fact]
    public async Task The_issuer_alone_is_enough_if_it_has_metadata()
    {
        var host = await ServeAsync(("jwks-uri", ""));
        Assert.Equal(200, (await GetAsync(host, _issuer.Token())).Status);
        Assert.Equal(["/.well-known/openid-configuration", "/keys"], _issuer.Fetches);
    }

    [Theory]
    [InlineData("""{"issuer":"https://login.example.com","jwks_uri":"{0}"}""")]
    [InlineData("""{"jwks_uri":"{0}"}""")]
    [InlineData("""{"issuer":"{1}","jwks_uri":"file:///etc/passwd"}""")]
    [InlineData("""{"issuer":"{1}"}""")]
    [InlineData("[]")]
    [InlineData("<html>")]
    public async Task Metadata_that_is_wrong_answers_503(string metadata)
    {
        _issuer.Metadata = metadata.Replace("{0}", _issuer.KeysUri, StringComparison.Ordinal).Replace("{1}", _issuer.Name, StringComparison.Ordinal);
        var host = await ServeAsync(expectKeys: false, ("jwks-uri", ""));
        await DrainingController.UntilAsync(() => Task.FromResult(_issuer.Fetches.Any()), "the metadata is fetched");
        Assert.Equal(503, (await GetAsync(host, _issuer.Token())).Status);
        Assert.Equal(["/.well-known/openid-configuration"], _issuer.Fetches);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 302 X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 X\r\nContent-Length: 6\r\n\r\n<html>")]
    [InlineData("HTTP/1.1 200 X\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}")]
    [InlineData("HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("garbage\r\n\r\n")]
    public async Task Without_keys_the_response_is_503_and_never_open(string answer)
    {
        _issuer.Answer = () => answer;
        var host = await ServeAsync(expectKeys: false);
        await DrainingController.UntilAsync(() => Task.FromResult(_issuer.Fetches.Any()), "the keys are fetched");
        var response = await GetAsync(host, _issuer.Token());
        Assert.Equal((503, "5"), (response.Status, response.One("Retry-After")));
        Assert.Equal(401, (await proxy.GetAsync(host)).Status);
        Assert.Empty(_backend.Requests);
    }

    [Fact]
    public async Task A_key_set_without_end_is_refused()
    {
        _issuer.Answer = () => $"HTTP/1.1 200 X\r\nContent-Length: 900000\r\n\r\n{new string(' ', 900_000)}";
        var host = await ServeAsync(expectKeys: false);
        await DrainingController.UntilAsync(() => Task.FromResult(_issuer.Fetches.Any()), "the keys are fetched");
        Assert.Equal(503, (await GetAsync(host, _issuer.Token())).Status);
    }

    [Fact]
    public async Task Keys_of_a_Secret_need_no_fetch()
    {
        var name = $"keys-{_issuer.EcKeyId}-{Guid.NewGuid():N}";
        await proxy.AddSecretAsync(name, "jwks.json", _issuer.KeySet.Replace("\"", "\\\"", StringComparison.Ordinal));
        var host = await ServeAsync(("jwt-keys-secret", name), ("jwks-uri", ""));
        Assert.Equal(200, (await GetAsync(host, _issuer.Token())).Status);
        Assert.Equal(401, (await GetAsync(host, OfAnotherKey("ec-1"))).Status);
        Assert.Empty(_issuer.Fetches);
    }

    [Fact]
    public async Task Claims_become_headers_that_no_client_can_set()
    {
        var host = await ServeAsync(("jwt-claims-to-headers", "sub=X-User, groups=X-Groups, realm_access.roles=X-Roles, https://example.com/n=X-N, missing=X-Missing, bad=X-Bad"));
        var token = _issuer.Token(
            ("sub", "ännchen"), ("groups", new[] { "a", "b" }), ("realm_access", new { roles = new[] { "r" } }), ("https://example.com/n", 7), ("bad", "x\r\nX-Admin: 1"));
        Assert.Equal(200, (await proxy.GetAsync(host, "/", $"Authorization: Bearer {token}\r\nX-User: root\r\nx_user: root\r\nX-Missing: root\r\nX-Bad: root\r\n")).Status);
        var request = Assert.Single(_backend.Requests);
        Assert.Equal(("a,b", "r", "7"), (request.One("X-Groups"), request.One("X-Roles"), request.One("X-N")));
        Assert.Equal("ännchen", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(Assert.Single(request.All("X-User")))));
        Assert.Empty(request.All("x_user").Concat(request.All("X-Missing")).Concat(request.All("X-Bad")).Concat(request.All("X-Admin")));
    }

    [Theory]
    [InlineData("groups=admin", 200)]
    [InlineData("groups=ops|admin", 200)]
    [InlineData("groups=Admin", 403)]
    [InlineData("groups=adm", 403)]
    [InlineData("groups", 200)]
    [InlineData("other", 403)]
    [InlineData("empty", 403)]
    [InlineData("nothing", 403)]
    [InlineData("scope=write", 200)]
    [InlineData("scope=read write", 403)]
    [InlineData("level=3", 200)]
    [InlineData("level=30", 403)]
    [InlineData("email_verified=true", 200)]
    [InlineData("realm_access.roles=r", 200)]
    [InlineData("realm_access=r", 403)]
    [InlineData("groups=admin, scope=delete", 403)]
    [InlineData("groups=admin, scope=read", 200)]
    public async Task A_token_needs_the_claims(string requirement, int status)
    {
        var host = await ServeAsync(("jwt-require-claims", requirement));
        var answer = await GetAsync(host, _issuer.Token(
            ("groups", new[] { "users", "admin" }), ("scope", "read write"), ("level", 3), ("email_verified", true), ("realm_access", new { roles = new[] { "r" } }), ("empty", Array.Empty<string>())));
        Assert.Equal(status, answer.Status);
        if (status == 403)
            Assert.Equal("Bearer error=\"insufficient_scope\"", answer.One("WWW-Authenticate"));
    }

    [Fact]
    public async Task A_token_or_a_password_is_enough_with_satisfy_any()
    {
        await proxy.AddSecretAsync("jwt-users", "auth", "ann:{PLAIN}pw");
        var host = await ServeAsync(("auth-type", "basic"), ("auth-secret", "jwt-users"), ("satisfy", "any"));
        Assert.Equal(200, (await GetAsync(host, _issuer.Token())).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/", $"Authorization: Basic {Convert.ToBase64String("ann:pw"u8)}\r\n")).Status);
        var denied = await proxy.GetAsync(host);
        Assert.Equal((401, 2), (denied.Status, denied.All("WWW-Authenticate").Length));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _issuer.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private static string Changed(string token, int part)
    {
        var parts = token.Split('.');
        var middle = parts[part].Length / 2;
        parts[part] = $"{parts[part][..middle]}{(parts[part][middle] == 'A' ? 'B' : 'A')}{parts[part][(middle + 1)..]}";
        return string.Join('.', parts);
    }

    private static string Hmac(TestIssuer issuer, byte[] key, string id) =>
        TestIssuer.Sign(new { alg = "HS256", kid = id }, issuer.Claims(), text => HMACSHA256.HashData(key, text));

    private static string OfAnotherKey(string? id)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return TestIssuer.Sign(id is null ? new { alg = "ES256" } : new { alg = "ES256", kid = id }, new { iss = "x", aud = "shop", exp = TestIssuer.Now(600) }, text => key.SignData(text, HashAlgorithmName.SHA256));
    }

    private static string WithOwnKey(TestIssuer issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return TestIssuer.Sign(new { alg = "ES256", kid = "mine", jwk = TestIssuer.Jwk(key, "mine") }, issuer.Claims(), text => key.SignData(text, HashAlgorithmName.SHA256));
    }

    private Task<WireMessage> GetAsync(string host, string token) => proxy.GetAsync(host, "/", $"Authorization: Bearer {token}\r\n");

    private Task<string> ServeAsync(params (string Name, string Value)[] annotations) => ServeAsync(expectKeys: true, annotations);

    private async Task<string> ServeAsync(bool expectKeys, params (string Name, string Value)[] annotations)
    {
        var all = new Dictionary<string, string> { ["jwt-issuer"] = _issuer.Name, ["jwt-audience"] = "shop", ["jwks-uri"] = _issuer.KeysUri };
        foreach (var (name, value) in annotations)
            all[name] = value;
        var host = await proxy.ServeAsync(_backend, [.. all.Where(entry => entry.Value.Length > 0).Select(entry => (entry.Key, entry.Value))]);
        if (expectKeys)
            await DrainingController.UntilAsync(async () => (await proxy.GetAsync(host, "/", "Authorization: Bearer x\r\nX-Token: x\r\n")).Status != 503, "the keys are known");
        return host;
    }
}
