using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Upstream;

/// <summary>
/// Clients for services whose URLs tenants choose, so the rules of ExternalName Services apply: local, link-local and cloud metadata
/// addresses are refused, and certificates are verified.
/// </summary>
internal sealed class TenantHttp : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly HttpMessageInvoker _https;

    /// <param name="options">The options of connections.</param>
    /// <param name="connectTimeout">The time limit for a connection.</param>
    /// <param name="resolve">Resolves names.</param>
    /// <param name="time">The clock.</param>
    public TenantHttp(UpstreamOptions options, TimeSpan connectTimeout, ResolveName resolve, TimeProvider time)
    {
        var connector = new UpstreamConnector(options with { ConnectTimeout = connectTimeout }, resolve, new InterfaceAddresses(InterfaceAddresses.ReadAll, time));
        _http = Client(connector, BackendProtocol.Http, options.NameLifetime);
        _https = Client(connector, BackendProtocol.Https, options.NameLifetime);
    }

    /// <summary>
    /// The client for requests by http or https. The scheme of their URLs is always http: the connector does the TLS handshake, and with https
    /// the HTTP client would do it too.
    /// </summary>
    public HttpMessageInvoker Client(bool isHttps) => isHttps ? _https : _http;

    /// <summary>
    /// Makes names absolute. With the search domains of the controller's Pod, a Service <c>example</c> in a namespace <c>com</c> could
    /// respond for example.com. Only names of Services are completed, by the cluster domain.
    /// </summary>
    public static string FullyQualified(string host) =>
        host.EndsWith('.') || host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase) || Uri.CheckHostName(host) != UriHostNameType.Dns ? host : $"{host}.";

    public void Dispose()
    {
        _http.Dispose();
        _https.Dispose();
    }

    private static HttpMessageInvoker Client(UpstreamConnector connector, BackendProtocol protocol, TimeSpan nameLifetime) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, cancellation) => connector.ConnectAsync(new UpstreamTransport(protocol, IsExternal: true, UpstreamSettings.Default), context.DnsEndPoint, limit: null, cancellation),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        PooledConnectionLifetime = nameLifetime,
        // In KiB. A tenant's service must not exhaust memory with one response.
        MaxResponseHeadersLength = 64,
        // Bodies that are not used: a short one is read so that the connection can be reused; for a longer one the connection is closed.
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        RequestHeaderEncodingSelector = RequestHead.EncodingOf,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });
}
