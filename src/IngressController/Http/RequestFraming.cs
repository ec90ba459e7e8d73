namespace IngressController.Http;

/// <summary>
/// Finds ambiguous request framing, which Kestrel reads in one way and a server in front of it or behind it could read in another. If they
/// disagree about the end of a request, requests can be smuggled (RFC 9112, 6.1 and 11.2).
/// </summary>
internal static class RequestFraming
{
    /// <summary>The name that Kestrel gives to a Content-Length beside Transfer-Encoding.</summary>
    private const string OverriddenContentLength = "X-Content-Length";

    /// <summary>The problem; null if the framing is unambiguous.</summary>
    public static string? Problem(HttpRequest request)
    {
        // Those of HTTP/2 have been checked before Kestrel reads them.
        if (!HttpProtocol.IsHttp2(request.Protocol) && !FieldNames.AreVisible(request.Headers))
            return "the name of a field contains a character that is not allowed";
        var encodings = request.Headers.TransferEncoding;
        if (encodings.Count == 0)
            return null;
        if (HttpProtocol.IsHttp10(request.Protocol))
            return "HTTP/1.0 does not support Transfer-Encoding";
        if (request.Headers.ContentLength is not null || request.Headers.ContainsKey(OverriddenContentLength))
            return "the request has both Transfer-Encoding and Content-Length";
        // The body would reach the backend with another coding still applied, but without the header that names it.
        return encodings.Count == 1 && "chunked".Equals(encodings[0]?.Trim(), StringComparison.OrdinalIgnoreCase)
            ? null
            : "the Transfer-Encoding of the request is not just chunked";
    }
}
