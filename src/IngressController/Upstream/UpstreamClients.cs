using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>
/// The HTTP clients for endpoints, one per transport for the life of the process. Connections are pooled by address and port, and survive
/// changes of the configuration.
/// </summary>
internal sealed class UpstreamClients(UpstreamOptions options, ResolveName resolve) : IDisposable
{
    private readonly ConcurrentDictionary<UpstreamTransport, HttpMessageInvoker> _clients = new();
    private readonly UpstreamConnector _connector = new(options, resolve, new InterfaceAddresses(InterfaceAddresses.ReadAll, TimeProvider.System));

    public TimeSpan ReadTimeout => options.ReadTimeout;

    public HttpMessageInvoker Get(UpstreamTransport transport) => _clients.GetOrAdd(transport, Create);

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    private HttpMessageInvoker Create(UpstreamTransport transport) => new(new RequestContentHandler(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        // Tracing is not set up; a null propagator omits the diagnostics handler.
        ActivityHeadersPropagator = null,
        // The connector has its own timeout with its own error. For HTTP/2 over TLS the HTTP client does the handshake after that.
        ConnectTimeout = transport.Protocol == BackendProtocol.H2 ? 2 * options.ConnectTimeout : Timeout.InfiniteTimeSpan,
        SslOptions = UpstreamTls.Http2Options(transport),
        ConnectCallback = (context, cancellation) => _connector.ConnectAsync(transport, context.DnsEndPoint, cancellation),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        // A name is resolved for each new connection, so the lifetime limits the use of a stale DNS result.
        PooledConnectionLifetime = transport.IsExternal ? options.NameLifetime : Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        // Header bytes pass unchanged: Latin-1 maps every byte to one char and back.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    }));
}
