using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IngressController.Upstream;

/// <summary>The certificate of an external name is not trusted or does not match the name.</summary>
internal sealed class UpstreamCertificateRefusedException(string message) : IOException(message);

/// <summary>TLS to endpoints.</summary>
internal static class UpstreamTls
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>
    /// Performs the TLS handshake. Certificates of Pods are not verified: they have no common issuer and do not name the Pod address.
    /// (Verification needs the backend TLS annotations, which name the CA.) Certificates of external names are verified, because the
    /// connection leaves the cluster's network.
    /// </summary>
    public static async Task<Stream> AuthenticateAsync(SslStream tls, string host, bool isVerified, CancellationToken cancellation)
    {
        var name = host.TrimEnd('.');
        string? refusal = null;
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = name, ApplicationProtocols = [SslApplicationProtocol.Http11] };
            if (isVerified)
            {
                options.CertificateChainPolicy = Policy();
                options.RemoteCertificateValidationCallback = (_, _, chain, errors) => (refusal = Problem(chain, errors)) is null;
            }
            else
            {
                options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
            }

            await tls.AuthenticateAsClientAsync(options, cancellation);
            return tls;
        }
        catch (Exception error)
        {
            await tls.DisposeAsync();
            if (error is AuthenticationException && refusal is not null)
                throw new UpstreamCertificateRefusedException($"the certificate of {name} was refused: {refusal}");
            throw;
        }
    }

    /// <summary>
    /// The options for HTTP/2 over TLS. There the HTTP client does the handshake, so that it writes the correct :scheme. It compares the
    /// certificate with the request's Host, so the endpoint's name is compared here.
    /// </summary>
    public static SslClientAuthenticationOptions Http2Options(UpstreamTransport transport) => transport.ServerName is not { } name
        ? new() { RemoteCertificateValidationCallback = static (_, _, _, _) => true }
        : new()
        {
            CertificateChainPolicy = Policy(),
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None
                && certificate is X509Certificate2 { } presented && presented.MatchesHostname(name),
        };

    private static X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            // Revocation lists and missing issuers would be fetched from URLs in the certificate, which must not choose the proxy's
            // connections.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }

    private static string? Problem(X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return null;
        var statuses = chain?.ChainStatus.Select(status => status.Status.ToString()) ?? [];
        return string.Join(", ", statuses.Prepend(errors.ToString()));
    }
}
