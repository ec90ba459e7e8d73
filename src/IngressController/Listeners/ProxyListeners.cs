using System.Text;
using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Shutdown;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace IngressController.Listeners;

/// <summary>Configures the ports that clients connect to and the limits of Kestrel.</summary>
internal static class ProxyListeners
{
    /// <summary>
    /// The time that a client may stall a request body or not read a response, as with nginx's body and send timeouts. Kestrel's default
    /// minimum of 240 bytes per second would end slow but legitimate clients, and idle streams.
    /// </summary>
    private static readonly MinDataRate StallLimit = new(bytesPerSecond: 1, gracePeriod: TimeSpan.FromSeconds(60));

    public static void UseProxyListeners(this WebApplicationBuilder builder, ListenerOptions options)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<LiveRevision, OpenConnections>((kestrel, live, connections) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            // Bodies are streamed; annotations limit their size.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = StallLimit;
            kestrel.Limits.MinResponseDataRate = StallLimit;
            // Detects dead clients of long streams.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
            // Header bytes pass unchanged: Latin-1 maps every byte to one char and back.
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

            kestrel.ListenOn(options.BindAddress, options.HttpPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(connections.Track);
            });
            kestrel.ListenOn(options.BindAddress, options.HttpsPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = hello => ValueTask.FromResult(live.Current.CertificateOf(hello.ClientHelloInfo.ServerName).Certificate.Options),
                });
                listen.Use(connections.Track);
            });
        });
    }
}
