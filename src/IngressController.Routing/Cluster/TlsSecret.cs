using IngressController.Routing.Table;

namespace IngressController.Routing.Cluster;

/// <summary>
/// A Secret of type kubernetes.io/tls, already parsed. <see cref="Certificate"/> is the last good one: it stays when the Secret
/// becomes invalid, and <see cref="Problem"/> says so.
/// </summary>
/// <param name="Name">The Secret.</param>
/// <param name="Certificate">The certificate to serve; null when the Secret never held a good one.</param>
/// <param name="Problem">What is wrong with the Secret as it is now; null when it is good.</param>
public sealed record TlsSecret(ResourceName Name, TlsCertificate? Certificate, string? Problem)
{
    /// <summary>Who the Secret is, for Events about it; null where nobody gave it one.</summary>
    public string? Uid { get; init; }

    /// <summary>What counts after <paramref name="previous"/>: a mistake in a Secret does not take down a host that works.</summary>
    public TlsSecret After(TlsSecret? previous) => Certificate is null ? this with { Certificate = previous?.Certificate } : this;
}

/// <summary>A certificate with its key, as PEM, and what its leaf says.</summary>
public sealed record TlsCertificate
{
    /// <summary>SHA-256 over chain and key, as hex: equal means nothing changed.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The names the leaf is valid for: its DNS subject alternative names, else its common name; lower-case.</summary>
    public required EquatableArray<string> DnsNames { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string SerialNumber { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>Leaf first, then its issuers, as PEM text.</summary>
    public required string ChainPem { get; init; }

    public required SensitiveBytes PrivateKeyPem { get; init; }

    /// <summary>Whether the certificate is valid for a host or a wildcard host; a wildcard covers one label (RFC 6125, 6.4.3).</summary>
    public bool Covers(string host)
    {
        foreach (var name in DnsNames)
        {
            if (string.Equals(name, host, StringComparison.OrdinalIgnoreCase))
                return true;
            if (name.StartsWith("*.", StringComparison.Ordinal)
                && host.IndexOf('.') is > 0 and var dot
                && host[0] != '*'
                && host.AsSpan(dot).Equals(name.AsSpan(1), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    public bool Equals(TlsCertificate? other) => other is not null && Fingerprint == other.Fingerprint;

    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);
}
