using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace IngressController.Tls;

/// <summary>
/// A certificate as handshakes use it. The context is made at its first handshake and kept: OpenSSL's session cache hangs on it, so
/// the same object means that sessions resume.
/// </summary>
internal sealed class ServerCertificate
{
    private readonly Lazy<SslServerAuthenticationOptions> _options;

    /// <param name="certificate">A certificate that parsed.</param>
    /// <param name="fallback">Serves in its place when it cannot be loaded all the same.</param>
    /// <param name="onProblem">Is told once why it cannot be loaded.</param>
    public ServerCertificate(TlsCertificate certificate, ServerCertificate fallback, Action<TlsCertificate, Exception> onProblem)
    {
        Certificate = certificate;
        // It never throws: Lazy would keep the exception, and every handshake of the host would end in it.
        _options = new Lazy<SslServerAuthenticationOptions>(() =>
        {
            try
            {
                return ToOptions(Load(certificate));
            }
            catch (Exception error)
            {
                Problem = error.Message;
                onProblem(certificate, error);
                return fallback.Options;
            }
        });
    }

    private ServerCertificate(Func<SslStreamCertificateContext> make) => _options = new(() => ToOptions(make()));

    /// <summary>What the table says of it; null for the self-signed one.</summary>
    public TlsCertificate? Certificate { get; }

    /// <summary>Why the default certificate is served in its place; null while it serves itself or no handshake has asked for it.</summary>
    public string? Problem { get; private set; }

    public SslServerAuthenticationOptions Options => _options.Value;

    /// <summary>A certificate for hosts without one, made at start: clients see at once that it is nobody's.</summary>
    public static ServerCertificate SelfSigned() => new(static () =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=YARP Ingress Controller Default Certificate", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("ingress.local");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return SslStreamCertificateContext.Create(request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10)), null, offline: true);
    });

    private static SslServerAuthenticationOptions ToOptions(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        // Set here, because Kestrel would otherwise write its own list into this shared object at each handshake.
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
    };

    private static SslStreamCertificateContext Load(TlsCertificate certificate)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate.ChainPem);
        var key = Encoding.UTF8.GetString(certificate.PrivateKeyPem.Reveal());
        using var leaf = chain[0];
        chain.RemoveAt(0);
        // Offline: neither OCSP nor missing issuers are fetched during handshakes; the Secret holds the chain.
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), key), chain, offline: true);
    }
}
