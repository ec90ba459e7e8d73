using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>The certificates and key of a transport; a change of any of them requires a new one.</summary>
internal sealed record TransportMaterial(byte[]? Authorities, byte[]? Certificate, byte[]? Key)
{
    public bool HasSameContent(TransportMaterial other) =>
        Same(Authorities, other.Authorities) && Same(Certificate, other.Certificate) && Same(Key, other.Key);

    private static bool Same(byte[]? one, byte[]? other) => (one, other) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        _ => one.AsSpan().SequenceEqual(other),
    };
}

/// <summary>Creates the HTTP handler for the API server.</summary>
internal static class TransportFactory
{
    /// <exception cref="KubeConfigException">The PEM text contains no usable certificate or key.</exception>
    public static SocketsHttpHandler Create(ApiServerConfiguration configuration, TransportMaterial material)
    {
        if (configuration is { TlsServerName: not null, ProxyUrl: not null })
            throw new KubeConfigException("a proxy together with a TLS server name is not supported");

        var tls = TlsOptions(configuration, material);
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // a redirect would carry the token elsewhere
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None, // callers decompress lists; a compressed watch would delay events
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = configuration.Timeouts.Connect,
            // New connections from time to time find API servers that were added behind the load balancer.
            PooledConnectionLifetime = TimeSpan.FromMinutes(20),
            // The values of client-go: a dead peer is detected within 45 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            Proxy = Proxy(configuration.ProxyUrl),
            // As in Go and unlike .NET, the environment's proxy is never used for loopback addresses.
            UseProxy = configuration.ProxyUrl is not null || (!configuration.Host.IsLoopback && configuration.TlsServerName is null),
            SslOptions = tls,
            ConnectCallback = (context, cancellation) => ConnectAsync(context, configuration.TlsServerName, tls, cancellation),
        };
    }

    private static SslClientAuthenticationOptions TlsOptions(ApiServerConfiguration configuration, TransportMaterial material)
    {
        var options = new SslClientAuthenticationOptions
        {
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        };
        if (configuration.SkipTlsVerify)
        {
            // The only validation callback: one that inspects the chain itself easily forgets the name.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (material.Authorities is { } authorities)
        {
            // SslStream checks the name itself; this only sets the trusted roots. Cluster CAs publish no revocation lists.
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities(authorities));
        }

        if (material is { Certificate: { } certificate, Key: { } key })
            options.ClientCertificateContext = ClientCertificate(certificate, key);
        return options;
    }

    private static X509Certificate2Collection Authorities(byte[] pem)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(Encoding.UTF8.GetString(pem));
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it contains no certificate");
        }
        catch (CryptographicException error)
        {
            throw new KubeConfigException($"the certificate authority cannot be used: {error.Message}", error);
        }
    }

    private static SslStreamCertificateContext ClientCertificate(byte[] certificate, byte[] key)
    {
        try
        {
            var text = Encoding.UTF8.GetString(certificate);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(text);
            var leaf = X509Certificate2.CreateFromPem(text, Encoding.UTF8.GetString(key));
            if (OperatingSystem.IsWindows())
                leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null); // SChannel accepts no ephemeral keys
            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(leaf, chain, offline: true);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new KubeConfigException($"the client certificate or its key cannot be used: {error.Message}", error);
        }
    }

    private static WebProxy? Proxy(Uri? url)
    {
        if (url is null)
            return null;
        var parts = url.UserInfo.Split(':', 2);
        return new WebProxy(url)
        {
            Credentials = parts is [{ Length: > 0 } user, ..]
                ? new NetworkCredential(Uri.UnescapeDataString(user), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "")
                : null,
        };
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, string? tlsServerName, SslClientAuthenticationOptions tls, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            KeepAlive(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            return tlsServerName is null || context.InitialRequestMessage.RequestUri?.Scheme != Uri.UriSchemeHttps
                ? stream
                : await SecureAsync(stream, tlsServerName, tls, cancellation).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs the TLS handshake for a name other than the host's: SocketsHttpHandler takes the TLS name only from the Host header, but uses a
    /// given SslStream as it is.
    /// </summary>
    private static async Task<SslStream> SecureAsync(
        Stream stream, string name, SslClientAuthenticationOptions tls, CancellationToken cancellation)
    {
        var secure = new SslStream(stream);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = name,
            ApplicationProtocols = tls.ApplicationProtocols,
            CertificateChainPolicy = tls.CertificateChainPolicy,
            ClientCertificateContext = tls.ClientCertificateContext,
            RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
        };
        await secure.AuthenticateAsClientAsync(options, cancellation).ConfigureAwait(false);
        return secure;
    }

    /// <summary>Enables TCP keep-alive: HTTP/1.1 has no ping, so that the kernel has to detect a dead peer.</summary>
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(6, 18, BitConverter.GetBytes(60_000)); // IPPROTO_TCP, TCP_USER_TIMEOUT in ms: unacknowledged data
    }
}
