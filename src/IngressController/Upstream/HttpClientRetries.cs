using System.Text;
using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// Prevents the retries of the HTTP client over HTTP/2. It would send the request again with a body that was read already, always to the same
/// endpoint, and unlimited by a budget. It asks for the encoding of each header whenever it writes a request, and this header is in each
/// request once, so the second question for it is a retry.
/// </summary>
internal static class HttpClientRetries
{
    private const string Marker = LoopGuard.Header;

    /// <summary>The version of requests that were written, equal to HTTP/2. A mark that costs no memory.</summary>
    private static readonly Version Written = new(2, 0);

    /// <summary>Header bytes pass unchanged: Latin-1 maps every byte to one char and back.</summary>
    public static Encoding EncodingOf(string header, HttpRequestMessage request)
    {
        if (header.Length == Marker.Length && request.Version.Major == 2 && header.Equals(Marker, StringComparison.OrdinalIgnoreCase))
        {
            if (ReferenceEquals(request.Version, Written))
                throw new UpstreamRefusedException();
            request.Version = Written;
        }

        return Encoding.Latin1;
    }
}
