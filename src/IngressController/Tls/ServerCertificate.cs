using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace IngressController.Tls;

/// <summary>
/// A certificate for TLS handshakes. The context is created at the first handshake and kept: OpenSSL's session cache belongs to it, so
/// sessions resume only with the same instance.
/// </summary>
internal sealed class ServerCertificate
{
    private readonly Lazy<SslServerAuthenticationOptions> _options;

    /// <param name="certificate">A valid certificate.</param>
    /// <param name="fallback">The certificate that is served if this one cannot be loaded.</param>
    /// <param name="onProblem">Called once if the certificate cannot be loaded.</param>
    public ServerCertificate(TlsCertificate certificate, ServerCertificate fallback, Action<TlsCertificate, Exception> onProblem)
    {
        Certificate = certificate;
        // Must not throw: Lazy caches the exception, so every handshake of the host would fail.
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

    private ServerCertificate(Func<SslStreamCertificateContext> create) => _options = new(() => ToOptions(create()));

    /// <summary>The certificate in the routing table; null for the self-signed one.</summary>
    public TlsCertificate? Certificate { get; }

    /// <summary>The reason why the fallback is served instead; null while the certificate works or no handshake has used it.</summary>
    public string? Problem { get; private set; }

    public SslServerAuthenticationOptions Options => _options.Value;

    /// <summary>Creates the self-signed certificate for hosts without one. Clients do not trust it.</summary>
    public static ServerCertificate SelfSigned() => new(static () =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=YARP Ingress Controller Default Certificate", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("ingress.local");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        return CertificateChain.ContextOf(request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10)), []);
    });

    private static SslServerAuthenticationOptions ToOptions(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        // Set here, because Kestrel otherwise writes its own list into this shared object at each handshake.
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
        return CertificateChain.ContextOf(X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), key), chain);
    }
}
