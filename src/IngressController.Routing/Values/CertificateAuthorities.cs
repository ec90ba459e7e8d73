using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IngressController.Routing.Values;

/// <summary>The certificates of authorities that are trusted. Equal if the certificates are, in the same order.</summary>
/// <param name="Pem">The certificates as PEM text, and nothing else.</param>
/// <param name="Subjects">Their subjects.</param>
public sealed record CertificateAuthorities(string Pem, EquatableArray<string> Subjects)
{
    /// <summary>Reads PEM text that may hold other things too.</summary>
    /// <param name="text">The text.</param>
    /// <param name="problem">A clause without the content: <c>contains no PEM certificate</c>; empty if there is none.</param>
    public static CertificateAuthorities? TryParse(string text, out string problem)
    {
        problem = "";
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
            if (certificates.Count == 0)
            {
                problem = "contains no PEM certificate";
                return null;
            }

            return new(
                string.Join('\n', certificates.Select(certificate => certificate.ExportCertificatePem())) + "\n",
                [.. certificates.Select(certificate => certificate.Subject)]);
        }
        catch (CryptographicException error)
        {
            problem = $"cannot be parsed: {error.Message}";
            return null;
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }

    public override string ToString() => string.Join("; ", Subjects);
}
