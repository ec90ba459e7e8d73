using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IngressController.Tests.Fakes;

/// <summary>
/// A leaf below an intermediate below a new root, which an old root has signed too: clients that know either of the roots can verify it.
/// </summary>
internal sealed class CrossSignedPki
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly ECDsa _leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public CrossSignedPki()
    {
        var (oldKey, newKey, intermediateKey) = (NewKey(), NewKey(), NewKey());
        using var oldRoot = Request("CN=Old Root", oldKey, isAuthority: true).CreateSelfSigned(Now.AddYears(-2), Now.AddYears(1));
        using var newRoot = Request("CN=New Root", newKey, isAuthority: true).CreateSelfSigned(Now.AddYears(-1), Now.AddYears(9));
        using var cross = Request("CN=New Root", newKey, isAuthority: true).Create(oldRoot, Now.AddYears(-1), Now.AddMonths(6), [7]);
        using var intermediate = Request("CN=Intermediate", intermediateKey, isAuthority: true).Create(newRoot, Now.AddYears(-1), Now.AddMonths(6), [8]);
        using var signing = intermediate.CopyWithPrivateKey(intermediateKey);
        var request = Request("CN=app.example", _leafKey, isAuthority: false);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("app.example");
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(signing, Now.AddDays(-1), Now.AddMonths(3), [9]);
        using var unrelated = Request("CN=Unrelated", NewKey(), isAuthority: true).CreateSelfSigned(Now.AddDays(-1), Now.AddYears(1));
        Pem = new[] { ("leaf", leaf), ("intermediate", intermediate), ("cross", cross), ("new-root", newRoot), ("old-root", oldRoot), ("unrelated", unrelated) }
            .ToDictionary(entry => entry.Item1, entry => entry.Item2.ExportCertificatePem(), StringComparer.Ordinal);
    }

    /// <summary>The certificates: leaf, intermediate, cross, new-root, old-root and unrelated.</summary>
    public IReadOnlyDictionary<string, string> Pem { get; }

    public string KeyPem => _leafKey.ExportPkcs8PrivateKeyPem();

    /// <summary>A Secret with certificates in the given order.</summary>
    public string Secret(params string[] chain) => Pki.Secret("s", string.Join('\n', chain.Select(name => Pem[name])) + "\n", KeyPem);

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Request(string subject, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request;
    }
}
