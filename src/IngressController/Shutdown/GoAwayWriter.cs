using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace IngressController.Shutdown;

/// <summary>
/// Writes Kestrel's output to an HTTP/2 client and, on request, one GOAWAY that asks for no new streams but ends none (RFC 9113, 6.8: the
/// last stream is 2^31-1, so no stream in flight is rejected). Kestrel's own graceful close ends a connection without streams at once; a
/// request that the client is just sending would be lost if the client does not retry.
/// </summary>
/// <remarks>
/// Each flush by Kestrel ends at a frame boundary, so another frame can be inserted after it. Between the first byte of a frame and the end
/// of its flush only Kestrel writes. The only cost is a lock per flush.
/// </remarks>
internal sealed class GoAwayWriter(PipeWriter inner) : PipeWriter
{
    // Length 8, type 7 (GOAWAY), no flags, stream 0; last stream 2^31-1, error code 0 (NO_ERROR).
    private static ReadOnlySpan<byte> GoAway => [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

    private readonly Lock _lock = new();
    private bool _isKestrelWriting;
    private bool _hasBegun;
    private bool _isRequested;
    private bool _isDone;
    private Task _goAwayFlush = Task.CompletedTask;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>
    /// Sends the GOAWAY now, or with Kestrel's flush in flight; once, however often it is called. A connection on which nothing has been
    /// sent yet is ignored: SETTINGS must come first (RFC 9113, 3.4), and a client that gets a GOAWAY before its first request would only
    /// reconnect. It gets the GOAWAY with its first response.
    /// </summary>
    public void SendGoAway()
    {
        lock (_lock)
        {
            if (_isDone || !_hasBegun)
                return;
            _isRequested = true;
            if (_isKestrelWriting)
                return;
            WriteGoAway();
            // Kestrel's last flush is complete, so mostly the pipe has room for 17 more bytes. It may have less if the client does not
            // read; that must not delay the GOAWAY to other clients.
            var flush = inner.FlushAsync();
            if (flush.IsCompletedSuccessfully)
                _ = flush.Result;
            else
                _goAwayFlush = flush.AsTask();
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        BeginKestrelWrite();
        return inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        BeginKestrelWrite();
        return inner.GetSpan(sizeHint);
    }

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
            _isDone = true;
        inner.Complete(exception);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        BeginKestrelWrite();
        var flush = inner.FlushAsync(cancellationToken);
        if (!flush.IsCompletedSuccessfully)
            return EndKestrelWriteAsync(flush, cancellationToken);
        return TryEndKestrelWrite() ? flush : EndKestrelWriteAsync(inner.FlushAsync(cancellationToken), cancellationToken);
    }

    private void BeginKestrelWrite()
    {
        // Kestrel writes one frame at a time, and only its own flush resets this field.
        if (_isKestrelWriting)
            return;
        lock (_lock)
            _isKestrelWriting = true;
        // A pipe accepts no writes during a flush. If that flush fails, so does the next one.
        if (!_goAwayFlush.IsCompleted)
            Task.WaitAny(_goAwayFlush);
    }

    /// <summary>Ends a write by Kestrel, unless a GOAWAY was requested meanwhile. It is written then and must still be flushed.</summary>
    private bool TryEndKestrelWrite()
    {
        lock (_lock)
        {
            _hasBegun = true;
            _isKestrelWriting = _isRequested;
            if (_isRequested)
                WriteGoAway();
            return !_isKestrelWriting;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> EndKestrelWriteAsync(ValueTask<FlushResult> flush, CancellationToken cancellation)
    {
        var result = await flush;
        while (!TryEndKestrelWrite())
            result = await inner.FlushAsync(cancellation);
        return result;
    }

    private void WriteGoAway()
    {
        _isRequested = false;
        if (_isDone)
            return;
        _isDone = true;
        inner.Write(GoAway);
    }
}
