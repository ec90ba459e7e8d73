using System.Net.Sockets;

namespace IngressController.Upstream;

/// <summary>
/// An HTTP/2 connection to an endpoint that can respond before it has read the whole request, and then close. The HTTP client would report the
/// failed write instead of the response that has arrived.
/// </summary>
internal sealed class UpstreamStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private bool _hasResponded;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_hasResponded)
            return;
        try
        {
            await base.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException) when (HasResponse())
        {
            // The endpoint no longer reads the rest of the body. Without a response this is an ordinary failure.
            _hasResponded = true;
        }
    }

    private bool HasResponse()
    {
        try
        {
            return Socket.Available > 0;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
