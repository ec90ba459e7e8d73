namespace IngressController.Upstream;

/// <summary>
/// The HTTP client wants to send a request a second time over HTTP/2, which it does only if the endpoint has not processed it: the endpoint
/// refused the stream or closes the connection (REFUSED_STREAM, GOAWAY; RFC 9113, 8.7). Nothing of the second attempt was sent.
/// </summary>
internal sealed class UpstreamRefusedException() : IOException("the endpoint refused the request unprocessed");

/// <summary>An HTTP/1.1 connection broke before the first byte of the response.</summary>
/// <param name="wasUsed">True if the connection has served another request before, so that it may have been closed for idleness.</param>
/// <param name="wasSent">True if any byte of the request was sent.</param>
/// <param name="cause">The error; null if the endpoint closed the connection.</param>
internal sealed class UpstreamConnectionLostException(bool wasUsed, bool wasSent, Exception? cause)
    : IOException(cause is null ? "the endpoint closed the connection before it responded" : $"the connection broke before the response: {cause.Message}", cause)
{
    public bool WasUsed => wasUsed;

    public bool WasSent => wasSent;
}
