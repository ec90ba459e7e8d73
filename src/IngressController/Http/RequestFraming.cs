namespace IngressController.Http;

/// <summary>
/// Heads that Kestrel reads in one way and a server in front of or behind it could read in another: where those disagree about the
/// end of a request, one client's bytes become another's request (RFC 9112, 6.1 and 11.2).
/// </summary>
internal static class RequestFraming
{
    /// <summary>Kestrel gives a Content-Length that came with Transfer-Encoding this name.</summary>
    private const string OverriddenContentLength = "X-Content-Length";

    /// <summary>What is wrong; null when there is only one way to read the request.</summary>
    public static string? Problem(HttpRequest request)
    {
        var encodings = request.Headers.TransferEncoding;
        if (encodings.Count == 0)
            return null;
        if (HttpProtocol.IsHttp10(request.Protocol))
            return "HTTP/1.0 does not support Transfer-Encoding";
        if (request.Headers.ContentLength is not null || request.Headers.ContainsKey(OverriddenContentLength))
            return "the request has both Transfer-Encoding and Content-Length";
        // Another coding would reach the backend undecoded, and without the header that says so.
        return encodings.Count == 1 && "chunked".Equals(encodings[0]?.Trim(), StringComparison.OrdinalIgnoreCase)
            ? null
            : "the Transfer-Encoding of the request is not just chunked";
    }
}
