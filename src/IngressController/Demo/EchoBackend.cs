using System.Net;
using IngressController.Listeners;
using IngressController.Shutdown;
using IngressController.Views;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Demo;

/// <summary>A simulated Pod of a Service.</summary>
internal sealed record EchoPod(string Service, string Name, bool UsesH2c = false);

/// <summary>Backends that answer with the received request as JSON. Each Pod listens on its own port.</summary>
internal sealed class EchoBackend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Drain _drain;

    private EchoBackend(WebApplication app, Drain drain, IReadOnlyDictionary<EchoPod, int> ports)
    {
        _app = app;
        _drain = drain;
        Ports = ports;
    }

    /// <summary>The port of each Pod.</summary>
    public IReadOnlyDictionary<EchoPod, int> Ports { get; }

    /// <summary>Starts the Pods on free ports of 127.0.0.1.</summary>
    public static Task<EchoBackend> StartAsync(IReadOnlyList<EchoPod> pods, CancellationToken cancellation) => StartAsync(pods, IPAddress.Loopback, port: 0, cancellation);

    /// <param name="pods">The Pods; several Pods need port 0.</param>
    /// <param name="address">The address that they listen on.</param>
    /// <param name="port">The port; 0 takes free ports.</param>
    /// <param name="cancellation">Cancels the start.</param>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<EchoBackend> StartAsync(IReadOnlyList<EchoPod> pods, IPAddress address, int port, CancellationToken cancellation)
    {
        var podsByPort = new Dictionary<int, EchoPod>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var pod in pods)
                kestrel.ListenOn(address, port, listen => listen.Protocols = pod.UsesH2c ? HttpProtocols.Http2 : HttpProtocols.Http1);
        });
        var app = builder.Build();
        var drain = new Drain();
        app.Run(context =>
        {
            drain.Announce(context);
            return AnswerAsync(context, podsByPort[context.Connection.LocalPort]);
        });
        await app.StartAsync(cancellation);

        // Kestrel lists its addresses in the order of the Listen calls.
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        foreach (var (pod, url) in pods.Zip(addresses))
            podsByPort[new Uri(url).Port] = pod;
        return new EchoBackend(app, drain, podsByPort.ToDictionary(entry => entry.Value, entry => entry.Key));
    }

    /// <summary>Still answers requests, and asks clients to use a new connection for the next one.</summary>
    public void BeginDrain() => _drain.Begin();

    /// <summary>Stops at once and aborts requests in flight.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context, EchoPod pod)
    {
        long bodyBytes = 0;
        while (await context.Request.BodyReader.ReadAsync(context.RequestAborted) is { IsCanceled: false } read)
        {
            bodyBytes += read.Buffer.Length;
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }

        var echo = new Echo(
            pod.Service,
            pod.Name,
            context.Request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            context.Request.Host.Value ?? "",
            context.Request.Protocol,
            bodyBytes,
            context.Request.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
                .ToDictionary(header => header.Key, header => header.Value.ToString()));
        await context.Response.AnswerJsonAsync(echo);
    }
}
