using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Http2;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Listeners;

/// <summary>Tells the exchanges of an HTTP/2 connection when Kestrel has sent the last frame of their responses.</summary>
internal static class Http2ResponseEnds
{
    /// <summary>Connection middleware after that of TLS.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next) => connection => connection.IsHttp2 ? ObserveAsync(connection, next) : next(connection);

    private static async Task ObserveAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = connection.Features.GetRequiredFeature<ClientConnection>();
        client.KnowsEnds = true;
        connection.WriteThrough(output => new ResponseFrames(output, client.EndResponse, client.EndResponses));
        // Kestrel waits for its requests, and these for frames that cannot be sent any more.
        await using var registration = connection.ConnectionClosed.UnsafeRegister(static client => ((ClientConnection)client!).EndResponses(), client);
        await next(connection);
    }
}
