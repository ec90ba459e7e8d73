using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>A connection attempt timed out; the response is 504.</summary>
internal sealed class UpstreamConnectTimeoutException(string message) : IOException(message);

/// <summary>A name resolved to an address that is refused (see --allow-external-name-loopback).</summary>
internal sealed class UpstreamAddressRefusedException(string message) : IOException(message);

/// <summary>Resolves a name by DNS.</summary>
internal delegate Task<IPAddress[]> ResolveName(string name, CancellationToken cancellation);

/// <summary>
/// Opens connections to endpoints: resolves names, refuses local addresses, and performs the TLS handshake if the backend requires it.
/// </summary>
internal sealed class UpstreamConnector(UpstreamOptions options, ResolveName resolve, InterfaceAddresses interfaces)
{
    /// <summary>
    /// True if HTTP/1.1 connections report their loss as <see cref="UpstreamConnectionLostException"/>, in place of the HTTP client's own
    /// retries.
    /// </summary>
    public bool ReportsLoss { get; init; }

    public async ValueTask<Stream> ConnectAsync(UpstreamTransport transport, DnsEndPoint endpoint, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(options.ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (transport.IsExternal)
                await ConnectToExternalAsync(socket, endpoint, timeout.Token);
            else
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(endpoint.Host), endpoint.Port), timeout.Token);

            var isHttp2 = transport.Protocol is BackendProtocol.H2c or BackendProtocol.H2;
            var isSecure = transport.Protocol is BackendProtocol.Https or BackendProtocol.H2;
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (isSecure)
            {
                var protocol = isHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11;
                stream = await UpstreamTls.AuthenticateAsync(new SslStream(stream), endpoint.Host, transport.IsExternal, protocol, timeout.Token);
            }

            if (isHttp2)
                return new UpstreamHttp2Stream(stream, isSecure);
            return ReportsLoss ? new UpstreamHttp1Stream(stream) : stream;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new UpstreamConnectTimeoutException(
                $"no connection to {endpoint.Host}:{endpoint.Port} within {options.ConnectTimeout.TotalSeconds:0.###} s");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ConnectToExternalAsync(Socket socket, DnsEndPoint endpoint, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(endpoint.Host, out var literal) ? [literal]
            : IsLocalhost(endpoint.Host) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : await resolve(endpoint.Host, cancellation);
        // Checked on the addresses of this connection, so that a later DNS response cannot bypass it.
        var allowed = options.AllowExternalNameLoopback ? addresses : [.. addresses.Where(address => !ExternalAddress.IsLocal(address) && !interfaces.Contains(address))];
        if (allowed.Length == 0 && addresses.Length > 0)
            throw new UpstreamAddressRefusedException($"{endpoint.Host} resolves to {addresses[0]}, a local or link-local address");
        await socket.ConnectAsync(allowed, endpoint.Port, cancellation);
    }

    /// <summary>
    /// True for names that are never resolved by DNS (RFC 6761, 6.3) and that hosts files do not list with a trailing dot.
    /// </summary>
    private static bool IsLocalhost(string name) => name == "localhost." || name.EndsWith(".localhost.", StringComparison.Ordinal);
}
