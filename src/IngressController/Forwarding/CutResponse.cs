using IngressController.Http;
using IngressController.Pipeline;

namespace IngressController.Forwarding;

/// <summary>
/// A response whose body the backend has cut short: the client gets what arrived, and then sees that it is not all. Kestrel discards what it
/// has not handed to the connection when it aborts a response.
/// </summary>
internal sealed class CutResponse(TimeProvider time)
{
    /// <summary>The time for a client to take what arrived. Beyond it the connection is reset.</summary>
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The time in which Kestrel's writers take the last bytes. They report no end of that, and need no clock of the proxy.</summary>
    private static readonly TimeSpan HandOver = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when the response that has begun can be aborted without a loss of what was written.</summary>
    public async Task DeliverAsync(HttpContext context)
    {
        if (!context.Response.HasStarted)
            return;
        ProxyRequest.Of(context).IsCutShort = true;
        if (EndsWithConnection(context) && context.Features.Get<ClientTransport>() is { } transport)
            await transport.EndAsync(DeliveryTimeout, time);
        else
            await Task.Delay(HandOver, TimeProvider.System);
    }

    /// <summary>
    /// True if the end of the connection is not that of the body: HTTP/2 resets the stream, and to a client of HTTP/1.0 only a reset of the
    /// connection tells it.
    /// </summary>
    private static bool EndsWithConnection(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) || (HttpProtocol.IsHttp10(context.Request.Protocol) && context.Response.ContentLength is not null);
}
