using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Shutdown;

/// <summary>The WebSockets that pass through.</summary>
/// <remarks>
/// They are closed when the grace period begins and not when it ends: they do not end by themselves as requests do, so waiting would only
/// make every update as long as the grace period may be, and cut them all in the same moment then. Clients connect again at once, and
/// other replicas are ready for them. They are closed one after another, so that not all connect at the same time: 500 per second, or as
/// many as it takes to be through by half of the grace period, the other half being for the answers.
/// </remarks>
internal sealed class OpenWebSockets(TimeProvider time)
{
    private const int PerSecond = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<WebSocketTunnel, bool> _tunnels = new();
    private volatile bool _takesNoMore;

    public int Count => _tunnels.Count;

    /// <summary>Has the WebSocket of a request followed, if it asks for one; null if not.</summary>
    public WebSocketHandshake? Follow(HttpContext context)
    {
        var features = context.Features;
        // Others that upgrade (SPDY) are no frames of this kind.
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            if (!context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
                || features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
                return null;
            var handshake = new WebSocketHandshake(this, upgrade, null);
            features.Set<IHttpUpgradeFeature>(handshake);
            return handshake;
        }

        // RFC 8441; of all that HTTP/2 can tunnel, only WebSockets come this far.
        if (!HttpMethods.IsConnect(context.Request.Method) || features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true } connect)
            return null;
        var connecting = new WebSocketHandshake(this, null, connect);
        features.Set<IHttpExtendedConnectFeature>(connecting);
        return connecting;
    }

    public void Add(WebSocketTunnel tunnel)
    {
        _tunnels[tunnel] = true;
        if (_takesNoMore)
            tunnel.SayGoodbye();
    }

    public void Remove(WebSocketTunnel tunnel) => _tunnels.TryRemove(tunnel, out _);

    /// <summary>Sends a close frame to each client, within a time.</summary>
    public async Task CloseAsync(TimeSpan within, CancellationToken cancellation)
    {
        _takesNoMore = true;
        var open = _tunnels.Keys.ToArray();
        var atOnce = Math.Max(PerSecond * Pause.TotalSeconds, open.Length / Math.Max(1, within / Pause));
        foreach (var some in open.Chunk((int)Math.Ceiling(atOnce)))
        {
            foreach (var tunnel in some)
                tunnel.SayGoodbye();
            if (some[^1] != open[^1])
                await Task.Delay(Pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Stands between YARP, which accepts a WebSocket once the backend has, and Kestrel.</summary>
internal sealed class WebSocketHandshake(OpenWebSockets webSockets, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IAsyncDisposable
{
    private WebSocketTunnel? _tunnel;

    public bool IsUpgradableRequest => upgrade!.IsUpgradableRequest;

    public bool IsExtendedConnect => connect!.IsExtendedConnect;

    public string? Protocol => connect!.Protocol;

    public async Task<Stream> UpgradeAsync() => Follow(await upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => Follow(await connect!.AcceptAsync());

    /// <summary>The request has ended: its stream may belong to another one from now on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_tunnel is null)
            return;
        webSockets.Remove(_tunnel);
        await _tunnel.EndAsync();
    }

    private WebSocketTunnel Follow(Stream client)
    {
        _tunnel = new WebSocketTunnel(client);
        webSockets.Add(_tunnel);
        return _tunnel;
    }
}
