using System.Diagnostics;
using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.EventLoops;
using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Metrics;
using IngressController.Overload;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IngressController.Listeners;

/// <summary>Configures the ports that clients connect to and the limits of Kestrel.</summary>
internal static class ProxyListeners
{
    /// <summary>Kestrel looks at rates once a second, and requires more.</summary>
    private static readonly TimeSpan MinGracePeriod = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Makes Kestrel refuse lines of a head or of trailers that end in a bare LF. It reads the switch when a server is created, and has no
    /// option for it.
    /// </summary>
    private const string RefuseBareLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    public static void UseProxyListeners(this WebApplicationBuilder builder, ListenerOptions options, OverloadOptions overload)
    {
        AppContext.SetSwitch(RefuseBareLineFeeds, !options.AllowBareLineFeed);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        if (options.EventLoops && Epoll.IsSupported)
        {
            builder.Services.AddSingleton<EventLoopGroup>();
            builder.Services.AddSingleton<IMetricsSource>(services => services.GetRequiredService<EventLoopGroup>());
            builder.Services.Replace(ServiceDescriptor.Singleton<IConnectionListenerFactory, LoopListenerFactory>());
        }

        builder.Services.AddSingleton<PlainHttpGuard>();
        builder.Services.AddSingleton<Http2Floods>();
        builder.Services.AddSingleton<TlsBuffers>();
        // Kestrel reports to it; the host itself has the listener of another registration.
        builder.Services.Replace(ServiceDescriptor.Singleton<DiagnosticSource, RejectedRequests>());
        builder.Services.AddOptions<KestrelServerOptions>().Configure<LiveRevision, ConnectionBudget, ClientConnections, OpenConnections, IServiceProvider>((kestrel, live, budget, clients, connections, services) =>
        {
            ApplyLimits(kestrel, options, overload);
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            // RFC 9112, 3.2.2: the authority of an absolute target replaces the Host header.
            kestrel.AllowHostHeaderOverride = true;
            // A proxy in front may pass on the scheme of its client. RequestTarget.RestoreOrigin corrects it.
            kestrel.AllowAlternateSchemes = true;
            // Header bytes pass unchanged: Latin-1 maps every byte to one char and back.
            kestrel.RequestHeaderEncodingSelector = RequestFieldEncodings.Of;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

            kestrel.ListenOn(options.BindAddress, options.HttpPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => budget.Admit(next, IsTrustedProxy));
                listen.Use(ClientTransport.Capture);
                listen.Use(clients.Track);
                listen.Use(connections.Track);
                listen.Use(AbsoluteFormScheme.Use);
            });
            kestrel.ListenOn(options.BindAddress, options.HttpsPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.Use(next => budget.Admit(next, IsTrustedProxy));
                listen.Use(ClientTransport.Capture);
                listen.Use(services.GetRequiredService<PlainHttpGuard>().Check);
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = hello => ValueTask.FromResult(live.Current.CertificateOf(hello.ClientHelloInfo.ServerName).Certificate.Options),
                });
                listen.Use(services.GetRequiredService<TlsBuffers>().Release);
                listen.Use(clients.Track);
                listen.Use(connections.Track);
                listen.Use(AbsoluteFormScheme.Use);
                if (options.ResponseStallTimeout > TimeSpan.Zero)
                    listen.Use(Http2ResponseEnds.Use);
                listen.Use(next => MalformedHttp2Requests.Use(next, options, kestrel.Limits.Http2, services.GetRequiredService<Http2Floods>()));
            });

            // Many clients share its address.
            bool IsTrustedProxy(IPAddress address) =>
                live.Current.Forwarding?.Settings is { TrustsPeers: true } forwarding && forwarding.ProxyRealIpCidr.Contains(address);
        });
    }

    private static void ApplyLimits(KestrelServerOptions kestrel, ListenerOptions options, OverloadOptions overload)
    {
        // Bodies are streamed; annotations limit their size.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = RateOf(options.MinRequestBodyRate, options.RequestBodyGracePeriod);
        // StallWatch ends single responses and comes first. This is for what Kestrel has taken whole, and ends the connection.
        kestrel.Limits.MinResponseDataRate = RateOf(options.MinResponseRate, 2 * options.ResponseStallTimeout);
        // Detects dead clients of long streams.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        kestrel.Limits.MaxRequestHeaderCount = options.MaxRequestHeaderFields;
        kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxRequestHeaderSize;
        kestrel.Limits.MaxRequestLineSize = options.MaxRequestLineSize;
        // One field may be as large as all of them. Larger ones do not reach Kestrel, which would end the connection.
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MalformedHttp2Requests.MaxString(options);
        kestrel.Limits.KeepAliveTimeout = overload.KeepAliveTimeout;
        kestrel.Limits.Http2.MaxStreamsPerConnection = overload.MaxStreamsPerConnection;
        kestrel.Limits.Http2.InitialConnectionWindowSize = overload.MaxConnectionBuffer;
        // One stream that its backend does not read must not block the others.
        kestrel.Limits.Http2.InitialStreamWindowSize = Math.Max(ushort.MaxValue, overload.MaxConnectionBuffer / 4 * 3);
        // Kestrel requires that a head fits into its buffer.
        kestrel.Limits.MaxRequestBufferSize = Math.Max(overload.MaxConnectionBuffer, 2 * Math.Max(options.MaxRequestHeaderSize, options.MaxRequestLineSize));
    }

    private static MinDataRate? RateOf(int bytesPerSecond, TimeSpan gracePeriod) =>
        bytesPerSecond == 0 || gracePeriod <= TimeSpan.Zero ? null : new(bytesPerSecond, gracePeriod > MinGracePeriod ? gracePeriod : MinGracePeriod);
}
