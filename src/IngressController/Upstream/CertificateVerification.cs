using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>The verification of the certificate that one endpoint presents.</summary>
/// <param name="settings">The settings of the backend; null for the default.</param>
/// <param name="externalName">The name of the endpoint if it is outside the cluster; null for one inside.</param>
internal sealed class CertificateVerification(BackendTlsSettings? settings, string? externalName)
{
    /// <summary>True if certificates are verified.</summary>
    public bool IsRequired => settings?.IsVerified ?? externalName is not null;

    /// <summary>Why a certificate was refused; null if none was.</summary>
    public string? Refusal { get; private set; }

    /// <summary>
    /// The name is compared here: the TLS stream compares the one that it sends, which may be none.
    /// </summary>
    public bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = Problem(certificate as X509Certificate2, chain, errors & ~SslPolicyErrors.RemoteCertificateNameMismatch);
        return Refusal is null;
    }

    private string? Problem(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var name = settings?.ServerName ?? externalName;
        var isNamed = name is not null && certificate?.MatchesHostname(name) == true;
        if (!isNamed)
            errors |= SslPolicyErrors.RemoteCertificateNameMismatch;
        if (errors != SslPolicyErrors.None)
        {
            var statuses = chain?.ChainStatus.Select(status => status.Status.ToString()) ?? [];
            return string.Join(", ", statuses.Prepend(errors.ToString())) + (isNamed ? "" : $"; it is not valid for {name}");
        }

        // Between the certificate and the authority, as OpenSSL counts.
        var intermediates = Math.Max((chain?.ChainElements.Count ?? 0) - 2, 0);
        return settings?.MaxIntermediates is { } max && intermediates > max
            ? $"its chain has {intermediates} intermediate certificates, and at most {max} are allowed"
            : null;
    }
}
