using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Shutdown;

/// <summary>The open WebSockets of clients.</summary>
/// <remarks>
/// They are closed when the grace period begins, not when it ends. Unlike requests they do not end by themselves, so every update would
/// last the whole grace period and then abort all of them at the same moment. Clients reconnect at once to other replicas. They are closed
/// gradually, so that not all clients reconnect at the same time: 500 per second, or as many as are needed to finish within half of the
/// grace period. The other half is for the close frames of the clients.
/// </remarks>
internal sealed class OpenWebSockets(TimeProvider time)
{
    private const int PerSecond = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<WebSocketTunnel, bool> _tunnels = new();
    private volatile bool _isClosing;

    public int Count => _tunnels.Count;

    /// <summary>Tracks the WebSocket of a request. Returns null if the request does not open one.</summary>
    public WebSocketHandshake? Track(HttpContext context)
    {
        var features = context.Features;
        // Other upgrades (SPDY) do not use WebSocket frames.
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            if (!context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
                || features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
                return null;
            var handshake = new WebSocketHandshake(this, upgrade, null);
            features.Set<IHttpUpgradeFeature>(handshake);
            return handshake;
        }

        // RFC 8441. Of the protocols that HTTP/2 can tunnel, only WebSocket gets here.
        if (!HttpMethods.IsConnect(context.Request.Method) || features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true } connect)
            return null;
        var connecting = new WebSocketHandshake(this, null, connect);
        features.Set<IHttpExtendedConnectFeature>(connecting);
        return connecting;
    }

    public void Add(WebSocketTunnel tunnel)
    {
        _tunnels[tunnel] = true;
        if (_isClosing)
            tunnel.RequestClose();
    }

    public void Remove(WebSocketTunnel tunnel) => _tunnels.TryRemove(tunnel, out _);

    /// <summary>Sends a close frame to each client, gradually within a time.</summary>
    public async Task CloseAsync(TimeSpan within, CancellationToken cancellation)
    {
        _isClosing = true;
        var open = _tunnels.Keys.ToArray();
        var batchSize = Math.Max(PerSecond * Pause.TotalSeconds, open.Length / Math.Max(1, within / Pause));
        foreach (var batch in open.Chunk((int)Math.Ceiling(batchSize)))
        {
            foreach (var tunnel in batch)
                tunnel.RequestClose();
            if (batch[^1] != open[^1])
                await Task.Delay(Pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Wraps Kestrel's upgrade features, so that the WebSocket that YARP accepts is tracked.</summary>
internal sealed class WebSocketHandshake(OpenWebSockets webSockets, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect)
    : IHttpUpgradeFeature, IHttpExtendedConnectFeature, IAsyncDisposable
{
    private WebSocketTunnel? _tunnel;

    public bool IsUpgradableRequest => upgrade!.IsUpgradableRequest;

    public bool IsExtendedConnect => connect!.IsExtendedConnect;

    public string? Protocol => connect!.Protocol;

    public async Task<Stream> UpgradeAsync() => Track(await upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => Track(await connect!.AcceptAsync());

    /// <summary>Stops tracking when the request has ended, because Kestrel may reuse its stream for another request.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_tunnel is null)
            return;
        webSockets.Remove(_tunnel);
        await _tunnel.EndAsync();
    }

    private WebSocketTunnel Track(Stream client)
    {
        _tunnel = new WebSocketTunnel(client);
        webSockets.Add(_tunnel);
        return _tunnel;
    }
}
