using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Kubernetes.Models;
using IngressController.Routing.Table;

namespace IngressController.Routing.Cluster;

/// <summary>Parses Secrets of type kubernetes.io/tls: pure, from bytes to a certificate or a problem.</summary>
public static class TlsSecretParser
{
    /// <summary>
    /// Parses the Secret. One that does not parse keeps the certificate of <paramref name="previous"/>, so that a mistake in a
    /// Secret does not take down a host that works.
    /// </summary>
    public static TlsSecret Parse(V1Secret secret, TlsSecret? previous = null)
    {
        var (name, uid) = (secret.ResourceName, secret.Metadata?.Uid);
        try
        {
            return new TlsSecret(name, ParseCertificate(Field(secret, "tls.crt"), Field(secret, "tls.key")), Problem: null) { Uid = uid };
        }
        catch (TlsSecretException error)
        {
            return new TlsSecret(name, previous?.Certificate, error.Message) { Uid = uid };
        }
        catch (Exception error)
        {
            // Decoders of keys and certificates throw what they like for damaged input (an extension that does not decode, a curve that
            // is not known): whatever it is, this Secret is at fault, and it must harm nobody else's.
            return new TlsSecret(name, previous?.Certificate, $"data[tls.crt] or data[tls.key] does not decode: {error.Message}") { Uid = uid };
        }
    }

    private static byte[] Field(V1Secret secret, string key)
    {
        if (secret.StringData?.GetValueOrDefault(key) is { Length: > 0 } text)
            return Encoding.UTF8.GetBytes(text);
        if (secret.Data?.GetValueOrDefault(key) is { Length: > 0 } bytes)
            return bytes;
        throw new TlsSecretException($"data[{key}] is missing or empty");
    }

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
            throw new TlsSecretException($"data[tls.crt] does not parse: {error.Message}");
        }

        try
        {
            if (chain.Count == 0)
                throw new TlsSecretException("data[tls.crt] holds no PEM certificate");
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
                // Written anew: tls.crt may hold more than certificates, even the key.
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

    private static void RequireMatchingKey(X509Certificate2 leaf, byte[] keyPem)
    {
        if (leaf.GetKeyAlgorithm() is not ("1.2.840.113549.1.1.1" or "1.2.840.10045.2.1"))
            throw new TlsSecretException("data[tls.crt]: the key is neither RSA nor ECDSA");

        var keyChars = new char[Encoding.UTF8.GetMaxCharCount(keyPem.Length)];
        try
        {
            var length = Encoding.UTF8.GetChars(keyPem, keyChars);
            using var withKey = X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), keyChars.AsSpan(0, length));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // The text of these exceptions names what failed and never holds key bytes.
            throw new TlsSecretException($"data[tls.key] is no private key of the first certificate in data[tls.crt]: {error.Message}");
        }
        finally
        {
            Array.Clear(keyChars);
        }
    }

    /// <summary>
    /// What OpenSSL's security level 2 asks for, the default of the distributions .NET runs on. It would be noticed only in the
    /// handshake, which then fails for every client and says nothing of the reason.
    /// </summary>
    private static void RequireStrength(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        using var ecdsa = certificate.GetECDsaPublicKey();
        if (rsa?.KeySize < 2048)
            throw new TlsSecretException($"data[tls.crt]: the RSA key of {certificate.Subject} has {rsa.KeySize} bits, and OpenSSL takes no fewer than 2048");
        if (ecdsa?.KeySize < 224)
            throw new TlsSecretException($"data[tls.crt]: the ECDSA key of {certificate.Subject} has {ecdsa.KeySize} bits, and OpenSSL takes no fewer than 224");
        // The signature of a root is not looked at.
        var isRoot = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        if (!isRoot && certificate.SignatureAlgorithm.Value is ("1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.10045.4.1"))
            throw new TlsSecretException($"data[tls.crt]: the signature of {certificate.Subject} is made with MD5 or SHA-1, which OpenSSL refuses");
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

        // Old internal certificates carry the host in the common name alone.
        return leaf.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } commonName
            ? [commonName.ToLowerInvariant()]
            : [];
    }

    private sealed class TlsSecretException(string message) : Exception(message);
}
