using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace IngressController.Tests.Fakes;

/// <summary>A root, intermediates and leaves below it, made for tests.</summary>
internal sealed class Pki
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;
    private byte _serial = 1;

    /// <param name="intermediates">The number of intermediates between a leaf and the root.</param>
    public Pki(int intermediates = 1)
    {
        var rootRequest = Authority("CN=Test Root", ECDsa.Create(ECCurve.NamedCurves.nistP256));
        _root = rootRequest.CreateSelfSigned(Now.AddYears(-2), Now.AddYears(20));
        _intermediate = _root;
        for (var i = 0; i < intermediates; i++)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            _intermediate = Authority(i == 0 ? "CN=Test Intermediate" : $"CN=Test Intermediate {i}", key)
                .Create(_intermediate, Now.AddYears(-2), Now.AddYears(10), [9, (byte)i]).CopyWithPrivateKey(key);
            IntermediatePem = $"{_intermediate.ExportCertificatePem()}\n{IntermediatePem}";
        }

        IntermediatePem = IntermediatePem.TrimEnd();
    }

    public X509Certificate2 Root => _root;

    /// <summary>The intermediates, from the issuer of leaves to that below the root.</summary>
    public string IntermediatePem { get; } = "";

    /// <summary>A leaf with its key.</summary>
    public (string CertificatePem, AsymmetricAlgorithm Key) Leaf(string[] names, AsymmetricAlgorithm? key = null, TimeSpan? ended = null)
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedName($"CN={names[0].Replace("*", "star", StringComparison.Ordinal)}");
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternative.AddDnsName(name);
        request.CertificateExtensions.Add(alternative.Build());
        var generator = X509SignatureGenerator.CreateForECDsa(_intermediate.GetECDsaPrivateKey()!);
        using var leaf = request.Create(
            _intermediate.SubjectName, generator, Now.AddYears(-1), ended is { } ago ? Now - ago : Now.AddYears(1), [1, _serial++]);
        return (leaf.ExportCertificatePem(), key);
    }

    /// <summary>A Secret with a leaf, its intermediate and its key.</summary>
    public string Secret(string name, params string[] dnsNames)
    {
        var (certificate, key) = Leaf(dnsNames);
        return Secret(name, $"{certificate}\n{IntermediatePem}\n", key.ExportPkcs8PrivateKeyPem());
    }

    public static string Secret(string name, string certificatePem, string keyPem) => $$"""
        ---
        apiVersion: v1
        kind: Secret
        type: kubernetes.io/tls
        metadata: {name: {{name}} }
        data: {tls.crt: {{Convert.ToBase64String(Encoding.UTF8.GetBytes(certificatePem))}}, tls.key: {{Convert.ToBase64String(Encoding.UTF8.GetBytes(keyPem))}} }

        """;

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
