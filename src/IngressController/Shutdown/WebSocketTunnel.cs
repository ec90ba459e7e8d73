using System.Runtime.CompilerServices;

namespace IngressController.Shutdown;

/// <summary>
/// The client's side of a proxied WebSocket. On request it sends the client one close frame, 1001 going away (RFC 6455, 7.4.1), between two
/// frames of the backend and never inside one. After that, no frame of the backend follows. The client replies with its own close frame,
/// which is forwarded to the backend like everything it sends, so both ends close normally.
/// </summary>
internal sealed class WebSocketTunnel(Stream client) : Stream
{
    // FIN and opcode 8 (close); not masked, length 2; status 1001.
    private static readonly byte[] GoingAway = [0x88, 2, 0x03, 0xE9];

    private readonly Lock _lock = new();
    private WebSocketFrames _frames;
    private bool _isWriting;
    private bool _isCloseRequested;
    private bool _isClosed;
    private Task _closing = Task.CompletedTask;

    /// <summary>Sends the close frame when the current frame is complete, unless the backend has already sent one.</summary>
    public void RequestClose()
    {
        lock (_lock)
        {
            _isCloseRequested = true;
            if (!_isWriting && TryBeginClose())
                _closing = SendCloseAsync();
        }
    }

    /// <summary>Prevents further writes by this class. Completes when the last one is done.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _isClosed = true;
            return _closing;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            buffer = buffer[.._frames.Advance(buffer.Span, toBoundary: _isCloseRequested && !_frames.HasClosed)];
            _isWriting = true;
        }

        await client.WriteAsync(buffer, cancellationToken);
        lock (_lock)
        {
            _isWriting = false;
            if (!TryBeginClose())
                return;
            _closing = SendCloseAsync();
        }

        await _closing;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        client.ReadAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            client.Dispose();
        base.Dispose(disposing);
    }

    private bool TryBeginClose()
    {
        if (!_isCloseRequested || _isClosed || !_frames.IsAtBoundary || _frames.HasClosed)
            return false;
        _isClosed = true;
        return true;
    }

    private async Task SendCloseAsync()
    {
        try
        {
            await client.WriteAsync(GoingAway);
            await client.FlushAsync();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The client has already disconnected.
        }
    }
}
