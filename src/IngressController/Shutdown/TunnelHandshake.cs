using IngressController.Exchanges;
using IngressController.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace IngressController.Shutdown;

/// <summary>
/// The switch of a client's request to another protocol. It wraps Kestrel's features for that, so that YARP accepts only what was offered,
/// and the WebSocket that it accepts is tracked.
/// </summary>
internal sealed class TunnelHandshake(OpenWebSockets webSockets, Exchange exchange, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IAsyncDisposable
{
    private WebSocketTunnel? _tunnel;
    private TunnelLifetime? _lifetime;
    private bool _isWebSocket;

    /// <summary>The protocols that the backend can switch to; null if there are none.</summary>
    public string? Offered { get; init; }

    /// <summary>
    /// True if YARP sends the offer: it knows WebSockets, which it can also translate for HTTP/2. It would send any other one as GET or not
    /// at all.
    /// </summary>
    public required bool IsUpgradableRequest { get; init; }

    public bool IsExtendedConnect => connect?.IsExtendedConnect ?? false;

    public string? Protocol => connect?.Protocol;

    /// <summary>Takes the protocol that the backend switches to. Returns false if it was not offered.</summary>
    /// <param name="protocols">The Upgrade header of the response. Some backends send none.</param>
    public bool TryAccept(StringValues protocols)
    {
        if (Offered is not { } offered || !UpgradeProtocols.Split(protocols).All(protocol => UpgradeProtocols.Contains(offered, protocol)))
            return false;
        _isWebSocket = UpgradeProtocols.Contains(protocols, UpgradeProtocols.WebSocket);
        return true;
    }

    /// <summary>Separates the lifetime of the tunnel from that of the request.</summary>
    public TunnelHandshake WithLifetimeOf(HttpContext context)
    {
        _lifetime = new TunnelLifetime(context);
        return this;
    }

    /// <summary>Other protocols have no frames that are known here; the end of the grace period ends them.</summary>
    public async Task<Stream> UpgradeAsync()
    {
        var client = Watch(new TunnelClient(await upgrade!.UpgradeAsync(), exchange));
        if (_lifetime is { } lifetime)
            client = lifetime.Begin(client);
        return _isWebSocket || IsUpgradableRequest ? Track(client) : client;
    }

    public async ValueTask<Stream> AcceptAsync() => Track(Watch(new TunnelClient(await connect!.AcceptAsync(), exchange)));

    /// <summary>Stops tracking when the request has ended, because Kestrel may reuse its stream for another request.</summary>
    public async ValueTask DisposeAsync()
    {
        _lifetime?.Dispose();
        if (_tunnel is null)
            return;
        webSockets.Remove(_tunnel);
        await _tunnel.EndAsync();
    }

    private Stream Watch(TunnelClient client)
    {
        if (exchange.Timer is not { } timer)
            return client;
        timer.BeginTunnel();
        return new WatchedClient(client, timer);
    }

    private WebSocketTunnel Track(Stream client)
    {
        _tunnel = new WebSocketTunnel(client);
        webSockets.Add(_tunnel);
        return _tunnel;
    }
}
