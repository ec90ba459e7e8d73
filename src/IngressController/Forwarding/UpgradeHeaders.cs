using System.Net;
using IngressController.Shutdown;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Forwarding;

/// <summary>
/// The Upgrade header of HTTP/1.1. It is hop-by-hop, so YARP drops it, except for WebSockets and SPDY, but it is meant for both ends.
/// </summary>
internal static class UpgradeHeaders
{
    /// <summary>Offers the client's protocols to an endpoint, unless YARP does so.</summary>
    public static void Offer(HttpContext context, HttpRequestMessage message)
    {
        if (context.Request.Headers.Upgrade.Count == 0 || message.Version.Major != 1
            || context.Features.Get<IHttpUpgradeFeature>() is not TunnelHandshake { IsUpgradableRequest: false, Offered: { } protocols })
            return;
        message.Headers.TryAddWithoutValidation(HeaderNames.Connection, HeaderNames.Upgrade);
        message.Headers.TryAddWithoutValidation(HeaderNames.Upgrade, protocols);
    }

    /// <summary>Copies the header of a response to the client. Throws if the endpoint switches to a protocol that was not offered.</summary>
    public static void Copy(HttpContext context, HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.SwitchingProtocols or HttpStatusCode.UpgradeRequired))
            return;
        StringValues protocols = response.Headers.NonValidated.TryGetValues(HeaderNames.Upgrade, out var values) ? values.ToString() : default(StringValues);
        var headers = context.Response.Headers;
        if (protocols.Count > 0)
            headers.Upgrade = protocols;
        if (response.StatusCode == HttpStatusCode.UpgradeRequired)
        {
            // RFC 9110, 15.5.22: the field says what the client must speak.
            if (protocols.Count > 0)
                headers.Connection = "keep-alive, Upgrade";
            return;
        }

        // RFC 9110, 7.8. Nothing that the client sends after this is HTTP for the proxy, so it must have asked for that.
        if (context.Features.Get<IHttpUpgradeFeature>() is not TunnelHandshake handshake || !handshake.TryAccept(protocols))
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "the endpoint switched to a protocol that the request did not offer");
        // Bytes without end follow.
        headers.ContentLength = null;
    }
}
