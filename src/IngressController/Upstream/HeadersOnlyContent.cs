using System.Net;

namespace IngressController.Upstream;

/// <summary>
/// The headers of content on a request without content, for example Content-Type on GET. The HTTP client writes them only together with a
/// content, to which it adds <c>Content-Length: 0</c>. Some servers then expect a body, or sign the request differently.
/// </summary>
internal sealed class HeadersOnlyContent : HttpContent
{
    /// <summary>
    /// True for the methods whose requests have no length if they have no content. For other methods the HTTP client always writes one, as RFC
    /// 9110, 8.6 asks.
    /// </summary>
    public static bool Suits(HttpMethod method) =>
        HttpMethods.IsGet(method.Method) || HttpMethods.IsHead(method.Method) || HttpMethods.IsDelete(method.Method) || HttpMethods.IsOptions(method.Method);

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

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return true;
    }
}
