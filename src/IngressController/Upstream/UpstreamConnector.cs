using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.EventLoops;
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

    /// <summary>The loops that watch the connections; null if .NET does.</summary>
    public EventLoopGroup? Loops { get; init; }

    /// <summary>Opens a connection.</summary>
    /// <param name="transport">Its transport.</param>
    /// <param name="endpoint">The address or name, and the port.</param>
    /// <param name="limit">The time limit, TLS included; null for the default.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async ValueTask<Stream> ConnectAsync(UpstreamTransport transport, DnsEndPoint endpoint, TimeSpan? limit, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit ?? options.ConnectTimeout);
        Stream? connected = null;
        try
        {
            connected = await ConnectAsync(transport.IsExternal ? await AddressesAsync(endpoint.Host, timeout.Token) : [IPAddress.Parse(endpoint.Host)], endpoint.Port, timeout.Token);
            var isHttp2 = transport.Protocol is BackendProtocol.H2c or BackendProtocol.H2;
            var isSecure = transport.Protocol is BackendProtocol.Https or BackendProtocol.H2;
            var stream = connected;
            if (isSecure)
            {
                var protocol = isHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11;
                stream = await UpstreamTls.AuthenticateAsync(new SslStream(stream), endpoint.Host, transport, protocol, timeout.Token);
            }

            if (isHttp2)
                return new UpstreamHttp2Stream(stream, isSecure);
            return ReportsLoss ? new UpstreamHttp1Stream(stream) : stream;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await CloseAsync(connected);
            throw new UpstreamConnectTimeoutException(
                $"no connection to {endpoint.Host}:{endpoint.Port} within {(limit ?? options.ConnectTimeout).TotalSeconds:0.###} s");
        }
        catch
        {
            await CloseAsync(connected);
            throw;
        }
    }

    /// <summary>Connects to the first of some addresses that accepts.</summary>
    private async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        if (Loops is null)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses, port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        for (var i = 0; ; i++)
        {
            try
            {
                return await LoopStream.ConnectAsync(Loops.Nearest, new IPEndPoint(addresses[i], port), cancellation);
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                // The next one may accept.
            }
        }
    }

    private static ValueTask CloseAsync(Stream? stream) => stream?.DisposeAsync() ?? default;

    /// <summary>The addresses of an external name that may be connected to.</summary>
    private async ValueTask<IPAddress[]> AddressesAsync(string host, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal]
            : IsLocalhost(host) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : await resolve(host, cancellation);
        // Checked on the addresses of this connection, so that a later DNS response cannot bypass it.
        var allowed = options.AllowExternalNameLoopback ? addresses : [.. addresses.Where(address => !ExternalAddress.IsLocal(address) && !interfaces.Contains(address))];
        return allowed.Length > 0 ? allowed
            : addresses.Length > 0 ? throw new UpstreamAddressRefusedException($"{host} resolves to {addresses[0]}, a local or link-local address")
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>
    /// True for names that are never resolved by DNS (RFC 6761, 6.3) and that hosts files do not list with a trailing dot.
    /// </summary>
    private static bool IsLocalhost(string name) => name == "localhost." || name.EndsWith(".localhost.", StringComparison.Ordinal);
}
