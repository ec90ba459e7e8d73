using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.JsonWebTokens;

/// <summary>An issuer of tokens with its keys at a port of 127.0.0.1. Tokens are written by hand, so that they can be wrong.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WireBackend _server;

    public TestIssuer() => _server = WireBackend.Answer(request => request.Target switch
    {
        "/keys" => Answer?.Invoke() ?? WireBackend.Ok(KeySet),
        "/.well-known/openid-configuration" => WireBackend.Ok(Metadata ?? $$"""{"issuer":"{{Name}}","jwks_uri":"{{KeysUri}}"}"""),
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    });

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public RSA Rsa { get; } = RSA.Create(2048);

    public string Name => $"http://127.0.0.1:{_server.Port}";

    public string KeysUri => $"{Name}/keys";

    public IEnumerable<string> Fetches => _server.Requests.Select(request => request.Target);

    /// <summary>Replaces the response with the keys.</summary>
    public Func<string>? Answer { get; set; }

    public string? Metadata { get; set; }

    public string EcKeyId { get; set; } = "ec-1";

    public string KeySet => JsonSerializer.Serialize(new { keys = new object[] { Jwk(Ec, EcKeyId), Jwk(Rsa, "rsa-1") } });

    public static object Jwk(ECDsa key, string id)
    {
        var point = key.ExportParameters(false).Q;
        return new { kty = "EC", crv = "P-256", kid = id, use = "sig", alg = "ES256", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) };
    }

    public static object Jwk(RSA key, string id, string? use = "sig")
    {
        var parameters = key.ExportParameters(false);
        return new { kty = "RSA", kid = id, use, n = Base64Url.EncodeToString(parameters.Modulus), e = Base64Url.EncodeToString(parameters.Exponent) };
    }

    public static string Encode(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));

    /// <summary>The claims of a valid token for the audience shop.</summary>
    public Dictionary<string, object> Claims(params (string Name, object? Value)[] changes)
    {
        var claims = new Dictionary<string, object> { ["iss"] = Name, ["aud"] = "shop", ["sub"] = "ann", ["exp"] = Now(600) };
        foreach (var (name, value) in changes)
        {
            if (value is null)
                claims.Remove(name);
            else
                claims[name] = value;
        }

        return claims;
    }

    public static long Now(long seconds) => DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;

    public string Token(params (string Name, object? Value)[] changes) => Sign(new { alg = "ES256", kid = EcKeyId }, Claims(changes));

    /// <summary>Signs by ES256, whatever the head says.</summary>
    public string Sign(object head, object claims) => Sign(head, claims, text => Ec.SignData(text, HashAlgorithmName.SHA256));

    public static string Sign(object head, object claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(head)}.{Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Ec.Dispose();
        Rsa.Dispose();
    }
}
