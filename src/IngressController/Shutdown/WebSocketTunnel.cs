using System.Runtime.CompilerServices;

namespace IngressController.Shutdown;

/// <summary>
/// The client's end of a WebSocket that passes through, and on demand one close frame to it: 1001, going away (RFC 6455, 7.4.1), between
/// two frames of the backend and never within one. From then on nothing of the backend follows. The client answers with a close frame of
/// its own, which passes to the backend like all it sends, so both ends close as they should.
/// </summary>
internal sealed class WebSocketTunnel(Stream client) : Stream
{
    // A whole message, close, not masked; 2 bytes: 1001.
    private static readonly byte[] GoingAway = [0x88, 2, 0x03, 0xE9];

    private readonly Lock _lock = new();
    private WebSocketFrames _frames;
    private bool _isWriting;
    private bool _isCloseWanted;
    private bool _isClosed;
    private Task _closing = Task.CompletedTask;

    /// <summary>Sends the close frame, as soon as the frame that is under way is complete. Not after one of the backend's own.</summary>
    public void SayGoodbye()
    {
        lock (_lock)
        {
            _isCloseWanted = true;
            if (!_isWriting && MustClose())
                _closing = SendCloseAsync();
        }
    }

    /// <summary>Completes when nothing is written any more but what YARP writes.</summary>
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
            buffer = buffer[.._frames.Follow(buffer.Span, toBoundary: _isCloseWanted && !_frames.HasClosed)];
            _isWriting = true;
        }

        await client.WriteAsync(buffer, cancellationToken);
        lock (_lock)
        {
            _isWriting = false;
            if (!MustClose())
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

    private bool MustClose()
    {
        if (!_isCloseWanted || _isClosed || !_frames.IsAtBoundary || _frames.HasClosed)
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
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The client has left already, which is what was asked of it.
        }
    }
}
