using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s.Models;

namespace IngressController.Routing.Cluster;

/// <summary>Parses the certificates in Secrets. The type of a Secret is irrelevant, as in ingress-nginx: its fields are tls.crt and tls.key.</summary>
public static class TlsSecretParser
{
    public static TlsSecret Parse(V1Secret secret)
    {
        var (certificate, problem) = TryParse(secret);
        return new TlsSecret(secret.ResourceName, certificate, problem)
        {
            Uid = secret.Metadata?.Uid,
            HasCertificate = Find(secret, "tls.crt") is not null || Find(secret, "tls.key") is not null,
            AuthoritiesText = Find(secret, "ca.crt") is { } bytes ? Encoding.UTF8.GetString(bytes) : null,
        };
    }

    private static (TlsCertificate? Certificate, string? Problem) TryParse(V1Secret secret)
    {
        try
        {
            return (ParseCertificate(Field(secret, "tls.crt"), Field(secret, "tls.key")), null);
        }
        catch (TlsSecretException error)
        {
            return (null, error.Message);
        }
        catch (Exception error)
        {
            // Decoders of keys and certificates throw exceptions of many types for damaged input. Any of them is this Secret's problem and
            // must not affect others.
            return (null, $"data[tls.crt] or data[tls.key] cannot be decoded: {error.Message}");
        }
    }

    private static byte[] Field(V1Secret secret, string key) => Find(secret, key) ?? throw new TlsSecretException($"data[{key}] is missing or empty");

    private static byte[]? Find(V1Secret secret, string key) =>
        secret.StringData?.Find(key) is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text)
        : secret.Data?.Find(key) is { Length: > 0 } bytes ? bytes
        : null;

    private static TlsCertificate ParseCertificate(byte[] chainPem, byte[] keyPem)
    {
        var chainText = Encoding.UTF8.GetString(chainPem);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(chainText);
        }
        catch (CryptographicException error)
        {
            throw new TlsSecretException($"data[tls.crt] cannot be parsed: {error.Message}");
        }

        try
        {
            if (chain.Count == 0)
                throw new TlsSecretException("data[tls.crt] contains no PEM certificate");
            var leaf = chain[0];
            RequireMatchingKey(leaf, keyPem);
            foreach (var certificate in chain)
                RequireStrength(certificate);
            return new TlsCertificate
            {
                Fingerprint = Convert.ToHexStringLower(SHA256.HashData([.. chainPem, 0, .. keyPem])),
                DnsNames = DnsNames(leaf),
                Subject = leaf.Subject,
                Issuer = leaf.Issuer,
                SerialNumber = leaf.SerialNumber,
                NotBefore = new DateTimeOffset(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero),
                NotAfter = new DateTimeOffset(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero),
                // Exported again: tls.crt may hold more than certificates, even the key.
                ChainPem = string.Join('\n', chain.Select(certificate => certificate.ExportCertificatePem())) + "\n",
                PrivateKeyPem = new SensitiveBytes(keyPem),
            };
        }
        finally
        {
            foreach (var certificate in chain)
                certificate.Dispose();
        }
    }

    /// <summary>
    /// Checks the same as X509Certificate2.CreateFromPem when the certificate is served, at a tenth of its cost: thousands are parsed at
    /// startup.
    /// </summary>
    private static void RequireMatchingKey(X509Certificate2 leaf, byte[] keyPem)
    {
        var isRsa = leaf.GetKeyAlgorithm() is "1.2.840.113549.1.1.1";
        if (!isRsa && leaf.GetKeyAlgorithm() is not "1.2.840.10045.2.1")
            throw new TlsSecretException("data[tls.crt]: the key is neither RSA nor ECDSA");

        var keyChars = new char[Encoding.UTF8.GetMaxCharCount(keyPem.Length)];
        try
        {
            var length = Encoding.UTF8.GetChars(keyPem, keyChars);
            using var key = ReadKey(keyChars.AsSpan(0, length), isRsa);
            using AsymmetricAlgorithm? ofLeaf =
                isRsa ? leaf.GetRSAPublicKey() : (AsymmetricAlgorithm?)leaf.GetECDsaPublicKey() ?? leaf.GetECDiffieHellmanPublicKey();
            if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(ofLeaf?.ExportSubjectPublicKeyInfo()))
                throw new CryptographicException("it belongs to another certificate");
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // The text of these exceptions never holds key bytes.
            throw new TlsSecretException($"data[tls.key] is not the private key of the first certificate in data[tls.crt]: {error.Message}");
        }
        finally
        {
            Array.Clear(keyChars);
        }
    }

    /// <summary>The first private key of a kind; other PEM blocks are ignored.</summary>
    private static AsymmetricAlgorithm ReadKey(ReadOnlySpan<char> pem, bool isRsa)
    {
        var kind = isRsa ? "RSA" : "EC";
        for (var rest = pem; PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            if (rest[found.Label] is not "PRIVATE KEY" && !rest[found.Label].SequenceEqual($"{kind} PRIVATE KEY"))
                continue;
            AsymmetricAlgorithm key = isRsa ? RSA.Create() : ECDsa.Create();
            try
            {
                key.ImportFromPem(rest[found.Location]);
                return key;
            }
            catch (CryptographicException error)
            {
                key.Dispose();
                throw new CryptographicException($"it is malformed, or not an {kind} key like that of the certificate", error);
            }
        }

        throw new CryptographicException($"it contains no unencrypted {kind} key in PEM format");
    }

    /// <summary>
    /// Requires the strength of OpenSSL's security level 2, the default of .NET's distributions. Otherwise each handshake would fail
    /// without giving the reason.
    /// </summary>
    private static void RequireStrength(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        using var ecdsa = certificate.GetECDsaPublicKey();
        if (rsa?.KeySize < 2048)
            throw new TlsSecretException($"data[tls.crt]: the RSA key of {certificate.Subject} has {rsa.KeySize} bits; OpenSSL requires at least 2048");
        if (ecdsa?.KeySize < 224)
            throw new TlsSecretException($"data[tls.crt]: the ECDSA key of {certificate.Subject} has {ecdsa.KeySize} bits; OpenSSL requires at least 224");
        // The signature of a root is not verified.
        var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        if (!isRoot && certificate.SignatureAlgorithm.Value is ("1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1"))
            throw new TlsSecretException($"data[tls.crt]: the signature of {certificate.Subject} uses MD5 or SHA-1, which OpenSSL rejects");
    }

    private static EquatableArray<string> DnsNames(X509Certificate2 leaf)
    {
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames())
            .Select(name => name.ToLowerInvariant())
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (names.Length > 0)
            return [.. names];

        // Old internal certificates name the host in the common name only.
        return leaf.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } commonName
            ? [commonName.ToLowerInvariant()]
            : [];
    }

    private sealed class TlsSecretException(string message) : Exception(message);
}
