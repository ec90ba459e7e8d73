namespace IngressController.Routing.Values;

/// <summary>A certificate chain with its private key, as PEM, and the fields of its leaf.</summary>
public sealed record TlsCertificate
{
    /// <summary>SHA-256 over chain and key, as hex: certificates are equal when it is.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The names the leaf is valid for: its DNS subject alternative names, else its common name; lower-case.</summary>
    public required EquatableArray<string> DnsNames { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string SerialNumber { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>The leaf first, then its issuers, as PEM text.</summary>
    public required string ChainPem { get; init; }

    public required SensitiveBytes PrivateKeyPem { get; init; }

    /// <summary>True if the certificate is valid for a host or a wildcard host; a wildcard covers one label (RFC 6125, 6.4.3).</summary>
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
