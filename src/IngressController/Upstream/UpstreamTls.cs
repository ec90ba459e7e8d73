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
    /// <remarks>
    /// The HTTP client could do it for https, but takes name, certificate and pool from the request's Host: each host that clients name would
    /// have a connection of its own.
    /// </remarks>
    public static async Task<Stream> AuthenticateAsync(SslStream tls, string host, bool isVerified, SslApplicationProtocol protocol, CancellationToken cancellation)
    {
        var name = host.TrimEnd('.');
        string? refusal = null;
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = name, ApplicationProtocols = [protocol] };
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
            // A server of HTTP/1.1 may choose nothing; one of HTTP/2 must choose it (RFC 9113, 3.2).
            if (protocol == SslApplicationProtocol.Http2 && tls.NegotiatedApplicationProtocol != protocol)
                throw new IOException($"{name} does not offer HTTP/2 over TLS");
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
