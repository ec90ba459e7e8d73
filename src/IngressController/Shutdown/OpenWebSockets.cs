using System.Collections.Concurrent;
using IngressController.Exchanges;
using IngressController.Http;
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

    /// <summary>
    /// Prepares the switch of a request to another protocol, and tracks it if that is WebSocket. Returns null if the request asks for none.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body; null if it has none.</param>
    /// <param name="exchange">The exchange that waits for the client.</param>
    public TunnelHandshake? Prepare(HttpContext context, ReplayableBody? body, Exchange exchange)
    {
        var features = context.Features;
        var request = context.Request;
        if (request.Headers.Upgrade.Count > 0)
        {
            var handshake = PrepareUpgrade(context, body, exchange);
            features.Set<IHttpUpgradeFeature>(handshake);
            return handshake;
        }

        // RFC 8441. Of the protocols that HTTP/2 can tunnel, only WebSocket gets here.
        if (!HttpMethods.IsConnect(request.Method) || features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true } connect)
            return null;
        var connecting = new TunnelHandshake(this, exchange, null, connect) { IsUpgradableRequest = false };
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

    private TunnelHandshake PrepareUpgrade(HttpContext context, ReplayableBody? body, Exchange exchange)
    {
        var request = context.Request;
        var upgrade = body is null ? context.Features.Get<IHttpUpgradeFeature>() : new UpgradeAfterBody(context, body);
        if (upgrade is not { IsUpgradableRequest: true } || UpgradeProtocols.Offered(request) is not { } offered)
            return new TunnelHandshake(this, exchange, null, null) { IsUpgradableRequest = false };
        // YARP knows a WebSocket by this header, and only if nothing else is in it.
        request.Headers.Upgrade = offered;
        var isWebSocket = body is null && HttpMethods.IsGet(request.Method) && offered.Equals(UpgradeProtocols.WebSocket, StringComparison.OrdinalIgnoreCase);
        return new TunnelHandshake(this, exchange, upgrade, null) { Offered = offered, IsUpgradableRequest = isWebSocket }.WithLifetimeOf(context);
    }
}
