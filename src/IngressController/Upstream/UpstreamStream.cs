using System.Net.Sockets;

namespace IngressController.Upstream;

/// <summary>
/// A connection to an endpoint that may answer before it has read the whole request, and close (413, 401). The HTTP client sends a
/// body to its end before it reads the answer, so it would report the failed write instead of the answer that is there to be read.
/// </summary>
internal sealed class UpstreamStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private bool _isAnswered;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isAnswered)
            return;
        try
        {
            await base.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException) when (HasAnswer())
        {
            // The rest of the body has no reader any more; without the answer it would be an ordinary failure.
            _isAnswered = true;
        }
    }

    private bool HasAnswer()
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
