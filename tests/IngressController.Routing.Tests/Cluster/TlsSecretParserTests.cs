using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Routing.Cluster;
using IngressController.Routing.Tests.Golden;
using k8s.Models;

namespace IngressController.Routing.Tests.Cluster;

public sealed class TlsSecretParserTests
{
    [Theory]
    [InlineData("app-ecdsa", "app.example.com")]
    [InlineData("api-rsa", "api.example.com,api2.example.com")]
    [InlineData("wildcard-ecdsa", "*.example.com")]
    [InlineData("cn-only-ecdsa", "legacy.example.com")]
    [InlineData("chain-ecdsa", "chain.example.com")]
    public void A_valid_Secret_gives_a_certificate_with_its_names(string name, string names)
    {
        var parsed = TlsSecretParser.Parse(Secret(Read($"{name}.crt"), Read($"{name}.key")));

        Assert.Null(parsed.Problem);
        Assert.Equal(names.Split(','), parsed.Certificate!.DnsNames);
        Assert.Equal(new ResourceName("default", "app-tls"), parsed.Name);
        Assert.Equal(2095, parsed.Certificate.NotAfter.Year);
        Assert.Equal(TimeSpan.Zero, parsed.Certificate.NotAfter.Offset);
        using var usable = X509Certificate2.CreateFromPem(parsed.Certificate.ChainPem, Encoding.UTF8.GetString(parsed.Certificate.PrivateKeyPem.Reveal()));
        Assert.True(usable.HasPrivateKey);
    }

    [Fact]
    public void A_chain_keeps_its_order()
    {
        var parsed = TlsSecretParser.Parse(Secret(Read("chain-ecdsa.crt"), Read("chain-ecdsa.key")));
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(parsed.Certificate!.ChainPem);
        Assert.Equal(["CN=chain.example.com", "CN=Test Issuer"], chain.Select(certificate => certificate.Subject));
        Assert.Equal("CN=Test Issuer", parsed.Certificate.Issuer);
    }

    [Fact]
    public void The_chain_holds_certificates_only()
    {
        var parsed = TlsSecretParser.Parse(Secret($"{Read("app-ecdsa.key")}text\n{Read("app-ecdsa.crt")}", Read("app-ecdsa.key")));
        Assert.Equal(Read("app-ecdsa.crt"), parsed.Certificate!.ChainPem);
    }

    [Fact]
    public void Data_is_read_like_stringData()
    {
        var fromData = TlsSecretParser.Parse(new V1Secret
        {
            Metadata = Metadata,
            Data = new Dictionary<string, byte[]> { ["tls.crt"] = Encoding.UTF8.GetBytes(Read("app-ecdsa.crt")), ["tls.key"] = Encoding.UTF8.GetBytes(Read("app-ecdsa.key")) },
        });
        Assert.Equal(TlsSecretParser.Parse(Secret(Read("app-ecdsa.crt"), Read("app-ecdsa.key"))), fromData);
    }

    [Fact]
    public void Another_key_or_certificate_has_another_fingerprint() => Assert.NotEqual(
        TlsSecretParser.Parse(Secret(Read("app-ecdsa.crt"), Read("app-ecdsa.key"))).Certificate,
        TlsSecretParser.Parse(Secret(Read("app-renewed-ecdsa.crt"), Read("app-renewed-ecdsa.key"))).Certificate);

    public static TheoryData<string?, string?, string> BadSecrets => new()
    {
        { null, Read("app-ecdsa.key"), "data[tls.crt] is missing or empty" },
        { "", Read("app-ecdsa.key"), "data[tls.crt] is missing or empty" },
        { Read("app-ecdsa.crt"), null, "data[tls.key] is missing or empty" },
        { "garbage", Read("app-ecdsa.key"), "data[tls.crt] contains no PEM certificate" },
        { "\0\u00FF", Read("app-ecdsa.key"), "data[tls.crt] contains no PEM certificate" },
        { Read("app-ecdsa.key"), Read("app-ecdsa.key"), "data[tls.crt] contains no PEM certificate" },
        { Read("app-ecdsa.crt").Replace("MII", "AAA"), Read("app-ecdsa.key"), "data[tls.crt] cannot be parsed" },
        { Read("app-ecdsa.crt")[..200], Read("app-ecdsa.key"), "data[tls.crt] contains no PEM certificate" },
        { Read("malformed-san-ecdsa.crt"), Read("malformed-san-ecdsa.key"), "data[tls.crt] or data[tls.key] cannot be decoded" },
        { Read("ed25519.crt"), Read("ed25519.key"), "neither RSA nor ECDSA" },
        { Read("short-rsa.crt"), Read("short-rsa.key"), "the RSA key of CN=short.example.com has 1024 bits" },
        { Read("sha1-rsa.crt"), Read("sha1-rsa.key"), "the signature of CN=sha1.example.com uses MD5 or SHA-1" },
        { Read("app-ecdsa.crt"), "garbage", "data[tls.key] is not the private key of the first certificate" },
        { Read("app-ecdsa.crt"), Read("app-renewed-ecdsa.key"), "data[tls.key] is not the private key of the first certificate" },
        { Read("app-ecdsa.crt"), Read("api-rsa.key"), "data[tls.key] is not the private key of the first certificate" },
        { Read("app-ecdsa.crt"), Read("app-encrypted.key"), "data[tls.key] is not the private key of the first certificate" },
    };

    [Theory]
    [MemberData(nameof(BadSecrets))]
    public void An_invalid_Secret_has_a_problem_and_keeps_the_last_valid_certificate(string? chain, string? key, string problem)
    {
        var good = TlsSecretParser.Parse(Secret(Read("app-ecdsa.crt"), Read("app-ecdsa.key")));

        var never = TlsSecretParser.Parse(Secret(chain, key));
        Assert.Contains(problem, never.Problem, StringComparison.Ordinal);
        Assert.Null(never.Certificate);

        var after = never.After(good);
        Assert.Equal(never.Problem, after.Problem);
        Assert.Same(good.Certificate, after.Certificate);
    }

    /// <summary>Damage of the DER inside a well-formed PEM.</summary>
    [Theory]
    [InlineData("app-ecdsa")]
    [InlineData("api-rsa")]
    public void Damage_anywhere_is_a_problem_and_no_exception(string name)
    {
        var random = new Random(20);
        var (chain, key) = (Read($"{name}.crt"), Read($"{name}.key"));
        for (var round = 0; round < 1_500; round++)
        {
            var parsed = TlsSecretParser.Parse(
                round % 3 == 0 ? Secret(Damage(chain, random), key) : Secret(chain, Damage(key, random)));
            Assert.True(parsed.Problem is not null || parsed.Certificate is not null);
        }
    }

    [Fact]
    public void A_key_of_an_unknown_curve_is_a_problem_of_the_Secret()
    {
        // SEC1 with the curve 1.2.3.4.5, unknown to the platform.
        byte[] der = [0x30, 0x2D, 2, 1, 1, 4, 32, .. Enumerable.Repeat((byte)7, 32), 0xA0, 6, 6, 4, 0x2A, 3, 4, 5];
        var parsed = TlsSecretParser.Parse(Secret(Read("app-ecdsa.crt"), new string(System.Security.Cryptography.PemEncoding.Write("EC PRIVATE KEY", der))));
        Assert.NotNull(parsed.Problem);
        Assert.Null(parsed.Certificate);
    }

    private static string Damage(string pem, Random random)
    {
        var fields = System.Security.Cryptography.PemEncoding.Find(pem);
        var der = Convert.FromBase64String(pem[fields.Base64Data]);
        for (var flips = random.Next(1, 4); flips > 0; flips--)
            der[random.Next(der.Length)] = (byte)random.Next(256);
        return new string(System.Security.Cryptography.PemEncoding.Write(pem[fields.Label], der));
    }

    private static V1ObjectMeta Metadata => new() { NamespaceProperty = "default", Name = "app-tls" };

    private static V1Secret Secret(string? chain, string? key)
    {
        var data = new Dictionary<string, string>();
        if (chain is not null)
            data["tls.crt"] = chain;
        if (key is not null)
            data["tls.key"] = key;
        return new V1Secret { Metadata = Metadata, Type = KubernetesVocabulary.TlsSecretType, StringData = data };
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(RepositoryFolder.Certificates, file)).ReplaceLineEndings("\n");
}
