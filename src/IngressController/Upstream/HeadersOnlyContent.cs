using System.Net;

namespace IngressController.Upstream;

/// <summary>
/// The headers of content on a request without content, for example Content-Type on GET. The HTTP client writes them only together with a
/// content, to which it adds <c>Content-Length: 0</c>; to TRACE and methods that it does not know it adds that always. Some servers then
/// expect a body, or sign the request differently.
/// </summary>
internal sealed class HeadersOnlyContent : HttpContent
{
    /// <summary>
    /// True for the methods whose requests have no length if they have no content. Those that are defined to have content get one (RFC 9110,
    /// 8.6).
    /// </summary>
    public static bool Suits(HttpMethod method) =>
        !HttpMethods.IsPost(method.Method) && !HttpMethods.IsPut(method.Method) && !HttpMethods.IsPatch(method.Method);

    /// <summary>Creates the content of a request without content to which the HTTP client would add a length; null for other requests.</summary>
    public static HeadersOnlyContent? Of(HttpRequestMessage request)
    {
        var method = request.Method.Method;
        if (!Suits(request.Method) || HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsDelete(method)
            || HttpMethods.IsOptions(method) || HttpMethods.IsConnect(method))
        {
            return null;
        }

        var content = new HeadersOnlyContent();
        if (request.Version.Major == 2)
            content.TakeHeader(request);
        return content;
    }

    /// <summary>Copies the headers of an empty content except its length; null if it has no others.</summary>
    public static HeadersOnlyContent? Of(HttpContent content)
    {
        content.Headers.ContentLength = null;
        if (content.Headers.NonValidated.Count == 0)
            return null;
        var copy = new HeadersOnlyContent();
        foreach (var (name, values) in content.Headers.NonValidated)
            copy.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }

    /// <summary>Removes the length that the HTTP client has computed. Before the headers of the content are written.</summary>
    public void OmitLength() => Headers.ContentLength = null;

    /// <summary>
    /// Ends a request of HTTP/2 with its headers, as the client did; otherwise an empty frame follows, which without a length looks like a body.
    /// The HTTP client looks for a content again after it has begun to write the headers of this one.
    /// </summary>
    /// <param name="request">The request of this content.</param>
    /// <param name="header">The header that is being written.</param>
    public void OmitBody(HttpRequestMessage request, string header)
    {
        if (request.Version.Major == 2 && Headers.NonValidated.Contains(header))
            request.Content = null;
    }

    /// <summary>Takes a header over from the request: <see cref="OmitBody"/> is called for headers of the content only.</summary>
    private void TakeHeader(HttpRequestMessage request)
    {
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            // Headers that .NET knows as those of a request are not accepted.
            if (RequestHead.IsMarker(name) || !Headers.TryAddWithoutValidation(name, values))
                continue;
            request.Headers.Remove(name);
            return;
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
