using System.Net;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>No connection within the time allowed; answered with 504.</summary>
internal sealed class UpstreamConnectTimeoutException(string message) : IOException(message);

/// <summary>A name led to an address that is refused (see --allow-external-name-loopback).</summary>
internal sealed class UpstreamAddressRefusedException(string message) : IOException(message);

/// <summary>Looks a name up in DNS.</summary>
internal delegate Task<IPAddress[]> ResolveName(string name, CancellationToken cancellation);

/// <summary>Opens connections to endpoints: looks names up, refuses addresses of this machine, speaks TLS where the port wants it.</summary>
internal sealed class UpstreamConnector(UpstreamOptions options, ResolveName resolve, OwnAddresses own)
{
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

            var stream = new UpstreamStream(socket);
            return transport.Protocol == BackendProtocol.Https ? await UpstreamTls.AuthenticateAsync(stream, endpoint.Host, transport.IsExternal, timeout.Token) : stream;
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
        // Checked here, on the very addresses that are connected to, so that no later answer of the DNS server gets around it.
        var allowed = options.AllowExternalNameLoopback ? addresses : [.. addresses.Where(address => !ExternalAddress.IsLocal(address) && !own.Contains(address))];
        if (allowed.Length == 0 && addresses.Length > 0)
            throw new UpstreamAddressRefusedException($"{endpoint.Host} leads to {addresses[0]}, an address of this machine or its link");
        await socket.ConnectAsync(allowed, endpoint.Port, cancellation);
    }

    /// <summary>RFC 6761, 6.3: these names are never asked of DNS, and hosts files do not know them with their final dot.</summary>
    private static bool IsLocalhost(string name) => name == "localhost." || name.EndsWith(".localhost.", StringComparison.Ordinal);
}
