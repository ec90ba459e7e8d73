using System.Net.Security;
using System.Security.Authentication;
using System.Text;

namespace IngressController.Routing.Table;

/// <summary>
/// The TLS of connections to a backend, as an Ingress sets it. Part of the identity of a backend, with the content of its certificates:
/// connections with different settings are never shared, and a renewed certificate gets new connections.
/// </summary>
public sealed record BackendTlsSettings
{
    public const SslProtocols AllVersions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The certificate that is sent to the backend; null for none.</summary>
    public ClientCertificate? ClientCertificate { get; init; }

    /// <summary>The authorities that backends are verified with; null for the trusted roots of the machine.</summary>
    public CertificateAuthorities? Authorities { get; init; }

    /// <summary>The object that holds them: <c>ConfigMap default/ca</c>.</summary>
    public string? AuthoritiesSource { get; init; }

    /// <summary>True to verify certificates, false to accept any; null verifies those of external names only.</summary>
    public bool? IsVerified { get; init; }

    /// <summary>True if the backend must not be reached in cleartext.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The certificates between that of the backend and the authority; null for no limit.</summary>
    public int? MaxIntermediates { get; init; }

    /// <summary>The name that certificates must be valid for; null for that of an external name.</summary>
    public string? ServerName { get; init; }

    /// <summary>True to send the name (SNI); null sends it to external names only.</summary>
    public bool? SendsServerName { get; init; }

    public SslProtocols Versions { get; init; } = AllVersions;

    /// <summary>The ciphers in order of preference; empty for the default.</summary>
    public EquatableArray<TlsCipherSuite> Ciphers { get; init; }

    /// <summary>For people; without the certificates.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("TLS");
        if (ClientCertificate is { } certificate)
            text.Append($", client certificate of Secret {certificate.Secret}");
        if (IsVerified is { } isVerified)
            text.Append(isVerified ? $", verified by {AuthoritiesSource}" : ", not verified");
        if (IsVerified != false && MaxIntermediates is { } max)
            text.Append($" at depth {max}");
        if (ServerName is { } name)
            text.Append($" as {name}");
        if (SendsServerName is { } sends)
            text.Append(sends ? ", with SNI" : ", without SNI");
        if (Versions != AllVersions)
            text.Append(Versions == SslProtocols.Tls12 ? ", 1.2" : ", 1.3");
        if (Ciphers.Count > 0)
            text.Append($", {Ciphers.Count} ciphers");
        return text.ToString();
    }
}

/// <summary>A certificate with its private key, and the Secret that holds it.</summary>
public sealed record ClientCertificate(ResourceName Secret, TlsCertificate Certificate);

/// <summary>The TLS of the backends of an Ingress.</summary>
public sealed record BackendTlsPolicy(BackendTlsSettings Tls) : RoutePolicy;
