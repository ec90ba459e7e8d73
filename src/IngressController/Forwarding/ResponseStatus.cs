using System.Net;
using IngressController.Http;

namespace IngressController.Forwarding;

/// <summary>The rules for responses of backends that follow from their status.</summary>
internal static class ResponseStatus
{
    /// <summary>Throws if the status is not one of HTTP (RFC 9110, 15). The HTTP client accepts any three digits.</summary>
    public static void Check(HttpResponseMessage response)
    {
        if ((int)response.StatusCode is < 100 or > 599)
            throw new HttpRequestException(HttpRequestError.InvalidResponse, $"the endpoint answered with status {(int)response.StatusCode:000}, which is not between 100 and 599");
    }

    /// <summary>
    /// Removes body and framing of a status that has none, which Kestrel would refuse to send (RFC 9110, 8.6, 15.3.5, 15.3.6, 15.4.5).
    /// </summary>
    /// <returns>False if the response has no body.</returns>
    public static bool HasBody(HttpResponseMessage message, HttpResponse response)
    {
        switch (message.StatusCode)
        {
            case HttpStatusCode.NoContent:
                response.Headers.ContentLength = null;
                break;
            case HttpStatusCode.ResetContent:
                response.Headers.ContentLength = 0;
                break;
            // It may have the length that 200 would have.
            case HttpStatusCode.NotModified:
                break;
            default:
                return true;
        }

        // HTTP/1.1 has no body with 204 and 304.
        if (message.StatusCode == HttpStatusCode.ResetContent || message.Version.Major == 2)
            message.Content = new NoBody(message.Content);
        return false;
    }

    private sealed class NoBody(HttpContent content) : WrappedContent(content)
    {
        protected override Stream Wrap(Stream body) => Stream.Null;
    }
}
