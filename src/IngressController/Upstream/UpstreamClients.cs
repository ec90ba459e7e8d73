using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.EventLoops;
using IngressController.Exchanges;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Upstream.Http1;

namespace IngressController.Upstream;

/// <summary>
/// The HTTP clients for endpoints, one per transport as long as it is used. Connections are pooled by address and port, and survive
/// changes of the configuration.
/// </summary>
internal sealed class UpstreamClients(UpstreamOptions options, ResolveName resolve, TimeProvider time, EventLoopGroup? loops = null) : IDisposable
{
    private static readonly TimeSpan Http2IdleTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<UpstreamTransport, HttpMessageInvoker> _clients = new();
    private readonly UpstreamConnector _connector = new(options, resolve, new InterfaceAddresses(InterfaceAddresses.ReadAll, time)) { ReportsLoss = true, Loops = loops };
    private readonly Http1Clients _http1 = new(options, new UpstreamConnector(options, resolve, new InterfaceAddresses(InterfaceAddresses.ReadAll, time)) { Loops = loops }, time);

    public TimeProvider Time => time;

    public TimeSpan ReadTimeout => options.ReadTimeout;

    /// <summary>The age of kept connections. Clusters that are built or updated later follow it.</summary>
    public UpstreamSettings Settings { get; private set; } = UpstreamSettings.Default;

    public HttpMessageInvoker Get(UpstreamTransport transport) => _clients.GetOrAdd(transport, Create);

    /// <summary>The connections of a transport for requests that need no HTTP client; null if it is not of HTTP/1.1.</summary>
    public Http1Client? GetHttp1(UpstreamTransport transport) =>
        options.DirectForwarding && (transport.Protocol is BackendProtocol.Http or BackendProtocol.Https) ? _http1.Get(transport, Lifetime(transport)) : null;

    /// <summary>
    /// Applies other settings. Clients of the previous ones finish their requests, and their idle connections end by themselves.
    /// </summary>
    public void Apply(UpstreamSettings settings)
    {
        Settings = settings;
        foreach (var transport in _clients.Keys.Where(known => known.Settings != settings))
            _clients.TryRemove(transport, out _);
        _http1.Apply(settings);
    }

    /// <summary>
    /// Takes clients out of use whose TLS settings no backend has any more. They finish their requests, and their idle connections end by
    /// themselves.
    /// </summary>
    /// <param name="used">The TLS settings of all backends.</param>
    public void RemoveUnused(HashSet<BackendTlsSettings> used)
    {
        foreach (var transport in _clients.Keys.Where(known => known.Tls is { } tls && !used.Contains(tls)))
            _clients.TryRemove(transport, out _);
        _http1.RemoveUnused(used);
    }

    public void Dispose()
    {
        _http1.Dispose();
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
        // The connector has its own timeout with its own error.
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, cancellation) => _connector.ConnectAsync(
            transport, context.DnsEndPoint, RequestTimer.Of(context.InitialRequestMessage)?.ConnectLimit, cancellation),
        PooledConnectionIdleTimeout = IdleTimeout(transport),
        PooledConnectionLifetime = Lifetime(transport),
        // With pings, the HTTP client would keep connections that have no idle time.
        KeepAlivePingDelay = IsHttp2(transport) ? TimeSpan.FromSeconds(30) : Timeout.InfiniteTimeSpan,
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        RequestHeaderEncodingSelector = RequestHead.EncodingOf,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    }));

    /// <summary>
    /// The HTTP client looks for idle connections once a second, or four times per idle time, and does not check the age of one that it uses.
    /// So it gets less than the age that no connection may exceed.
    /// </summary>
    private static TimeSpan IdleTimeout(UpstreamTransport transport)
    {
        var age = transport.Settings.KeepAliveTimeout;
        if (IsHttp2(transport))
            return age > Http2IdleTimeout ? age : Http2IdleTimeout;
        var second = TimeSpan.FromSeconds(1);
        return age <= second ? TimeSpan.Zero : age < 5 * second ? age - second : age * 0.8;
    }

    private static bool IsHttp2(UpstreamTransport transport) => transport.Protocol is BackendProtocol.H2c or BackendProtocol.H2;

    private TimeSpan Lifetime(UpstreamTransport transport)
    {
        var lifetime = transport.Settings.KeepAliveTime is { Ticks: > 0 } time ? time : Timeout.InfiniteTimeSpan;
        // A name is resolved for each new connection, so the lifetime limits the use of a stale DNS result.
        return transport.IsExternal && (lifetime == Timeout.InfiniteTimeSpan || lifetime > options.NameLifetime) ? options.NameLifetime : lifetime;
    }
}
