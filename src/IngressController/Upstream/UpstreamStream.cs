using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace IngressController.Upstream;

/// <summary>
/// A connection to an endpoint that can respond before it has read the whole request, and then close (413, 401). The HTTP client sends the
/// whole body before it reads the response, so it would report the failed write instead of the response that has arrived.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="isTracked">True if it carries HTTP/1.1 in cleartext, so that its losses tell how much of a request was sent.</param>
internal sealed class UpstreamStream(Socket socket, bool isTracked) : NetworkStream(socket, ownsSocket: true)
{
    private ConnectionUse _use;
    private bool _hasResponded;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_hasResponded)
            return;
        var isFirst = _use.Sending(buffer.Length);
        try
        {
            await base.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException) when (HasResponse())
        {
            // The endpoint no longer reads the rest of the body. Without a response this is an ordinary failure.
            _hasResponded = true;
        }
        catch (IOException error) when (isTracked && _use.AwaitsResponse)
        {
            throw _use.Lost(wasSent: !isFirst, error);
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = base.ReadAsync(buffer, cancellationToken);
        return !isTracked ? read
            : read.IsCompletedSuccessfully ? new(_use.Received(buffer.Span, read.Result))
            : ReadAsync(buffer, read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(Memory<byte> buffer, ValueTask<int> read)
    {
        int count;
        try
        {
            count = await read;
        }
        catch (IOException error) when (_use.AwaitsResponse)
        {
            throw _use.Lost(wasSent: true, error);
        }

        return _use.Received(buffer.Span, count);
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

/// <summary>HTTP/1.1 over TLS to an endpoint. Tracked above the TLS records, which both sides also exchange without a request.</summary>
internal sealed class UpstreamTlsStream(UpstreamStream connection) : SslStream(connection, leaveInnerStreamOpen: false)
{
    private ConnectionUse _use;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var isFirst = _use.Sending(buffer.Length);
        try
        {
            await base.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException error) when (_use.AwaitsResponse)
        {
            throw _use.Lost(wasSent: !isFirst, error);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count;
        try
        {
            count = await base.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException error) when (_use.AwaitsResponse)
        {
            throw _use.Lost(wasSent: true, error);
        }

        return _use.Received(buffer.Span, count);
    }
}
