using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>
/// The HTTP clients towards endpoints, one per transport for the life of the process: connections are pooled by address and port,
/// and survive every change of configuration.
/// </summary>
internal sealed class UpstreamClients(UpstreamOptions options, ResolveName resolve) : IDisposable
{
    private readonly ConcurrentDictionary<UpstreamTransport, HttpMessageInvoker> _clients = new();
    private readonly UpstreamConnector _connector = new(options, resolve, new OwnAddresses(OwnAddresses.OfInterfaces, TimeProvider.System));

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
        // Tracing is not wired up yet; a null propagator leaves out the diagnostics handler.
        ActivityHeadersPropagator = null,
        // The connector has its own time-out, which it reports as what it is; HTTP/2 over TLS goes on in the HTTP client.
        ConnectTimeout = transport.Protocol == BackendProtocol.H2 ? 2 * options.ConnectTimeout : Timeout.InfiniteTimeSpan,
        SslOptions = UpstreamTls.Http2Options(transport),
        ConnectCallback = (context, cancellation) => _connector.ConnectAsync(transport, context.DnsEndPoint, cancellation),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        // A name is looked up for each new connection, so the lifetime bounds how long an old answer is used.
        PooledConnectionLifetime = transport.IsExternal ? options.NameLifetime : Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        // Header bytes pass as they are: Latin-1 maps every byte to one char and back.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    }));
}
