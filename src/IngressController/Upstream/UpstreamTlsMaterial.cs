using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Routing.Table;
using IngressController.Tls;

namespace IngressController.Upstream;

/// <summary>The TLS settings of a backend, loaded at its first connection.</summary>
internal sealed class UpstreamTlsMaterial
{
    private readonly BackendTlsSettings _settings;
    private readonly Lazy<SslStreamCertificateContext?> _certificate;

    public UpstreamTlsMaterial(BackendTlsSettings settings)
    {
        _settings = settings;
        _certificate = new(() => settings.ClientCertificate is { } certificate ? Load(certificate) : null);
        if (settings.Authorities is not { } authorities)
            return;
        Authorities = [];
        Authorities.ImportFromPem(authorities.Pem);
    }

    /// <summary>The authorities that certificates are verified with; null for the roots of the machine.</summary>
    public X509Certificate2Collection? Authorities { get; }

    public void Apply(SslClientAuthenticationOptions options)
    {
        options.ClientCertificateContext = _certificate.Value;
        options.EnabledSslProtocols = _settings.Versions;
        // Other operating systems have no choice of ciphers.
        if (_settings.Ciphers.Count > 0 && OperatingSystem.IsLinux())
            options.CipherSuitesPolicy = new CipherSuitesPolicy(_settings.Ciphers);
    }

    private static SslStreamCertificateContext Load(ClientCertificate certificate)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate.Certificate.ChainPem);
            using var leaf = chain[0];
            chain.RemoveAt(0);
            var key = Encoding.UTF8.GetString(certificate.Certificate.PrivateKeyPem.Reveal());
            return CertificateChain.ContextOf(X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), key), chain);
        }
        catch (CryptographicException error)
        {
            throw new IOException($"the client certificate of Secret {certificate.Secret} cannot be loaded: {error.Message}", error);
        }
    }
}
