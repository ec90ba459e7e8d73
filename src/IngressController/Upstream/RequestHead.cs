using System.Text;
using IngressController.Exchanges;
using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// Acts while the HTTP client writes the head of a request. It asks for the encoding of each header then: first of the headers of the request,
/// which include CDN-Loop once, then of those of the content.
/// </summary>
internal static class RequestHead
{
    private const string Marker = LoopGuard.Header;

    /// <summary>Header bytes pass unchanged: Latin-1 maps every byte to one char and back.</summary>
    public static Encoding EncodingOf(string header, HttpRequestMessage request)
    {
        if (header.Length == Marker.Length && header.Equals(Marker, StringComparison.OrdinalIgnoreCase))
        {
            HttpClientRetries.Refuse(request);
            RequestTimer.Of(request)?.HeadSent();
            (request.Content as HeadersOnlyContent)?.OmitLength();
        }
        else if (request.Content is HeadersOnlyContent content)
        {
            content.OmitBody(request, header);
        }

        return UpstreamHost.EncodingOf(header, request) ?? Encoding.Latin1;
    }
}
