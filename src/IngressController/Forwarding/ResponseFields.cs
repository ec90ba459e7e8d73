using System.Text;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Upstream.Http1;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Forwarding;

/// <summary>Makes the head of a response of an endpoint that of the response for the client: all fields except hop-by-hop ones (RFC 9110, 7.6.1).</summary>
internal static class ResponseFields
{
    /// <summary>Copies the head, and applies the changes of the settings and of the route.</summary>
    /// <param name="request">The request.</param>
    /// <param name="head">The positions in the head.</param>
    /// <param name="bytes">The bytes of the head.</param>
    /// <param name="drain">Announces the end of the client's connection.</param>
    public static void Copy(ProxyRequest request, ResponseHead head, ReadOnlySpan<byte> bytes, Drain drain)
    {
        request.HeadCame();
        var context = request.Context;
        var response = context.Response;
        response.StatusCode = head.Status;
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            CopyReason(context, bytes[head.Reason]);
        var headers = response.Headers;
        for (var i = 0; i < head.Fields.Length; i++)
        {
            if (head.Fields[i].IsFraming)
                continue;
            var (name, value) = head.TextOf(i, bytes);
            if (!ForwardedHeaders.IsForwardedToClient(name))
                continue;
            var present = headers[name];
            headers[name] = present.Count == 0 ? value : StringValues.Concat(present, value);
        }

        headers.ContentLength = LengthOf(head);
        if (head.HasConnection)
            RemoveNominated(headers, head, bytes);
        if (head.Status == StatusCodes.Status426UpgradeRequired && !HttpProtocol.IsHttp2(context.Request.Protocol))
            CopyUpgrade(headers, head, bytes);
        foreach (var change in request.Revision.ResponseChanges)
            change.Apply(request, isLocal: false);
        foreach (var change in request.Route.Plan.ResponseChanges)
            change.Apply(request, isLocal: false);
        drain.Announce(context);
    }

    /// <summary>Adds trailers, if the client can receive them.</summary>
    public static void CopyTrailers(HttpContext context, List<(string Name, string Value)> trailers)
    {
        if (context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is not { IsReadOnly: false } outgoing)
            return;
        foreach (var (name, value) in trailers)
        {
            if (ForwardedHeaders.IsForwardedToClient(name) && !IsOfContent(name))
                outgoing[name] = StringValues.Concat(outgoing[name], value);
        }
    }

    /// <summary>True for what a client must know before the content (RFC 9110, 6.5.1).</summary>
    private static bool IsOfContent(string name) =>
        name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.ContentType, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.ContentEncoding, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.ContentRange, StringComparison.OrdinalIgnoreCase)
        || name.Equals(HeaderNames.Trailer, StringComparison.OrdinalIgnoreCase);

    /// <summary>The length that the client is told, as <see cref="ResponseStatus"/> does for the HTTP client.</summary>
    private static long? LengthOf(ResponseHead head) => head.Status switch
    {
        StatusCodes.Status204NoContent => null,
        StatusCodes.Status205ResetContent => 0,
        StatusCodes.Status304NotModified when head.DeclaredLength is 0 => null,
        _ => head.DeclaredLength,
    };

    private static void CopyReason(HttpContext context, ReadOnlySpan<byte> reason)
    {
        // Kestrel writes the usual ones itself.
        if (Ascii.Equals(reason, Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(context.Response.StatusCode)))
            return;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = Encoding.Latin1.GetString(reason);
    }

    private static void RemoveNominated(IHeaderDictionary headers, ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        foreach (var field in head.Fields)
        {
            if (!field.IsFraming || !Ascii.EqualsIgnoreCase(field.Name(bytes), HeaderNames.Connection))
                continue;
            var value = field.Value(bytes);
            foreach (var range in value.Split((byte)','))
            {
                var option = value[range].Trim(" \t"u8);
                // The usual ones name no field.
                if (Ascii.EqualsIgnoreCase(option, "close"u8) || Ascii.EqualsIgnoreCase(option, "keep-alive"u8))
                    continue;
                var name = Encoding.Latin1.GetString(option);
                if (!ForwardedHeaders.IsProtected(name))
                    headers.Remove(name);
            }
        }
    }

    /// <summary>RFC 9110, 15.5.22: the field says what the client must speak.</summary>
    private static void CopyUpgrade(IHeaderDictionary headers, ResponseHead head, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < head.Fields.Length; i++)
        {
            if (!Ascii.EqualsIgnoreCase(head.Fields[i].Name(bytes), HeaderNames.Upgrade))
                continue;
            headers.Upgrade = StringValues.Concat(headers.Upgrade, head.TextOf(i, bytes).Value);
            headers.Connection = "keep-alive, Upgrade";
        }
    }
}
