using IngressController.Http;
using IngressController.Pipeline;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Forwarding;

/// <summary>
/// The header fields of a request for the backend: those of the client except hop-by-hop ones (RFC 9110, 7.6.1), and the forwarding headers,
/// which only the proxy sets.
/// </summary>
internal static class ForwardedFields
{
    /// <summary>Writes the fields and applies the operator's changes. The changes of the route follow.</summary>
    public static void Write(ProxyRequest request, BackendHeaders headers)
    {
        Copy(request, headers);
        AddForwarding(request, headers);
        foreach (var change in request.Revision.RequestChanges)
            change.Apply(request, headers);
    }

    private static void Copy(ProxyRequest request, BackendHeaders headers)
    {
        var transforms = request.Route.Plan.Transforms;
        var dropsUnderscores = !request.Revision.Settings.Forwarding.UnderscoresInHeaders;
        var incoming = request.Context.Request.Headers;
        var nominated = incoming.Connection;
        var isFramedByEncoding = incoming.TransferEncoding.Count > 0;
        foreach (var (name, values) in incoming)
        {
            if (transforms is not null && !transforms.Passes(name))
                continue;
            if (!ForwardedHeaders.IsForwarded(name, nominated) || name.Equals(LoopGuard.Header, StringComparison.OrdinalIgnoreCase))
                continue;
            if (dropsUnderscores && name.Contains('_'))
                continue;
            // RFC 9112, 6.3: Transfer-Encoding overrides Content-Length, and forwarding both allows request smuggling.
            if (isFramedByEncoding && name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase))
                continue;
            headers.Add(name, values);
        }
    }

    private static void AddForwarding(ProxyRequest request, BackendHeaders headers)
    {
        var context = request.Context;
        var client = ForwardedHeaders.AddressText(context.Connection.RemoteIpAddress);
        var forwarding = request.Revision.Forwarding;
        var received = request.Received;
        headers.Add("X-Forwarded-For", received?.FullChain ?? client);
        headers.Add("X-Real-IP", client);
        headers.Add("X-Forwarded-Proto", context.Request.IsHttps ? "https" : "http");
        headers.Add("X-Forwarded-Host", request.PublicHost);
        headers.Add("X-Forwarded-Port", request.PublicPort);
        if (forwarding is null || forwarding.SendsRequestId(received))
            headers.Add("X-Request-ID", context.TraceIdentifier);
        forwarding?.AddHeaders(request.Target.PathAndQuery, received, headers);
        // Appended to the values of previous proxies, which RFC 8586 requires to be kept.
        headers.Add(LoopGuard.Header, StringValues.Concat(context.Request.Headers[LoopGuard.Header], LoopGuard.CdnId));
    }
}
