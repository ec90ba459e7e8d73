using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>The certificate of an endpoint is not trusted or does not match the name.</summary>
internal sealed class UpstreamCertificateRefusedException(string message) : IOException(message);

/// <summary>TLS to endpoints.</summary>
internal static class UpstreamTls
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>What the settings of backends become. Kept as long as the settings, which the clients with their connections hold.</summary>
    private static readonly ConditionalWeakTable<BackendTlsSettings, UpstreamTlsMaterial> Materials = [];

    /// <summary>
    /// Performs the TLS handshake. Without settings, certificates of Pods are not verified: they have no common issuer and do not name the Pod
    /// address. Certificates of external names are, because the connection leaves the cluster's network.
    /// </summary>
    /// <remarks>
    /// The HTTP client could do it for https, but takes name, certificate and pool from the request's Host: each host that clients name would
    /// have a connection of its own.
    /// </remarks>
    public static async Task<Stream> AuthenticateAsync(
        SslStream tls, string host, UpstreamTransport transport, SslApplicationProtocol protocol, CancellationToken cancellation)
    {
        var endpoint = host.TrimEnd('.');
        var verification = new CertificateVerification(transport.Tls, transport.IsExternal ? endpoint : null);
        try
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = ServerName(transport, endpoint),
                ApplicationProtocols = [protocol],
                RemoteCertificateValidationCallback = verification.IsRequired ? verification.Verify : static (_, _, _, _) => true,
            };
            var material = transport.Tls is { } settings ? Materials.GetValue(settings, static settings => new UpstreamTlsMaterial(settings)) : null;
            material?.Apply(options);
            if (verification.IsRequired)
                options.CertificateChainPolicy = Policy(material?.Authorities);

            await tls.AuthenticateAsClientAsync(options, cancellation);
            // A server of HTTP/1.1 may choose nothing; one of HTTP/2 must choose it (RFC 9113, 3.2).
            if (protocol == SslApplicationProtocol.Http2 && tls.NegotiatedApplicationProtocol != protocol)
                throw new IOException($"{endpoint} does not offer HTTP/2 over TLS");
            return tls;
        }
        catch (Exception error)
        {
            await tls.DisposeAsync();
            if (error is AuthenticationException && verification.Refusal is { } refusal)
                throw new UpstreamCertificateRefusedException($"the certificate of {endpoint} was refused: {refusal}");
            throw;
        }
    }

    /// <summary>The name that is sent (SNI), which is never taken from the request; empty for none. Addresses are never sent.</summary>
    private static string ServerName(UpstreamTransport transport, string endpoint) =>
        transport.Tls is not { } settings ? endpoint
        : settings.SendsServerName ?? transport.IsExternal ? settings.ServerName ?? (transport.IsExternal ? endpoint : "")
        : "";

    private static X509ChainPolicy Policy(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy
        {
            // Revocation lists and missing issuers would be fetched from URLs in the certificate, which must not choose the proxy's
            // connections.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (authorities is null)
            return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
