using System.Buffers;
using System.Runtime.CompilerServices;

namespace IngressController.Upstream;

/// <summary>
/// An HTTP/2 connection to an endpoint, in cleartext or above TLS. Of responses that were sent before the endpoint reset their streams or ended
/// the connection, the HTTP client gets all that arrived.
/// </summary>
internal sealed class UpstreamHttp2Stream : ConnectionStream
{
    /// <summary>Into less than this nothing is read directly, as the begin of a frame must fit.</summary>
    private const int MinRead = 64;

    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly UpstreamRequestFrames _sent;
    private readonly UpstreamResponseFrames _received;
    private bool _hasEnded;
    private volatile bool _isDeaf;

    /// <param name="connection">The connection.</param>
    /// <param name="isSecure">True above TLS.</param>
    public UpstreamHttp2Stream(Stream connection, bool isSecure)
        : base(connection)
    {
        var requests = new OpenRequests();
        (_sent, _received) = (new(requests, isSecure), new(requests));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isDeaf)
            return;
        _sent.Pass(buffer.Span, out var changed);
        try
        {
            await Connection.WriteAsync(changed is null ? buffer : changed.AsMemory(0, buffer.Length), cancellationToken);
        }
        catch (IOException)
        {
            // The endpoint no longer reads. What it has sent, and the end, is seen by reading, which fails too.
            _isDeaf = true;
        }
        finally
        {
            if (changed is not null)
                ArrayPool<byte>.Shared.Return(changed);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_received.HasQueue)
                return _received.Take(buffer.Span);
            if (_hasEnded)
            {
                // All streams have ended, so the HTTP client closes the connection.
                await _disposed.Task.WaitAsync(cancellationToken);
                return 0;
            }

            var target = buffer.Length < MinRead ? new byte[MinRead] : buffer;
            var kept = _received.PutKept(target.Span);
            var count = 0;
            try
            {
                count = await Connection.ReadAsync(target[kept..], cancellationToken);
            }
            catch (IOException) when (_received.TryEnd())
            {
                _isDeaf = _hasEnded = true;
                continue;
            }

            if (count == 0)
            {
                if (!_received.TryEnd())
                    return 0;
                _isDeaf = _hasEnded = true;
                continue;
            }

            count = _received.Pass(target.Span[..(kept + count)]);
            if (!target.Equals(buffer))
                _received.QueueFirst(target.Span[..count]);
            else if (count > 0)
                return count;
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _disposed.TrySetResult();
    }
}
