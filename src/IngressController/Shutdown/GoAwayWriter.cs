using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace IngressController.Shutdown;

/// <summary>
/// What Kestrel writes to an HTTP/2 client, and on demand one GOAWAY that says "no new streams, please" and ends nothing (RFC 9113, 6.8:
/// the last stream is 2^31-1, so nothing that is under way is refused). Kestrel itself closes a connection without streams at once when
/// it is asked to end it, and a request that the client is just sending would be lost to a client that does not try again.
/// </summary>
/// <remarks>
/// Kestrel hands over whole frames with each flush, so a flush is where another frame fits; what is between the first byte of a frame and
/// the end of its flush belongs to Kestrel, everything else is free. A lock per flush is the whole price.
/// </remarks>
internal sealed class GoAwayWriter(PipeWriter inner) : PipeWriter
{
    // Length 8, type 7 (GOAWAY), no flags, stream 0; last stream 2^31-1, error code 0 (NO_ERROR).
    private static ReadOnlySpan<byte> GoAway => [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];

    private readonly Lock _lock = new();
    private bool _isKestrels;
    private bool _hasBegun;
    private bool _isWanted;
    private bool _isDone;
    private Task _farewell = Task.CompletedTask;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>
    /// Sends the GOAWAY now, or with Kestrel's flush that is under way; once, however often it is asked for. A connection on which nothing
    /// has been sent yet is passed over: SETTINGS come first (RFC 9113, 3.4), and a client that is told off before its first request would
    /// learn nothing but to connect again. It is told with its first response.
    /// </summary>
    public void Announce()
    {
        lock (_lock)
        {
            if (_isDone || !_hasBegun)
                return;
            _isWanted = true;
            if (_isKestrels)
                return;
            WriteGoAway();
            // Kestrel's last flush is through, so mostly there is room for 17 bytes more. A client that does not read may have left less:
            // it must not hold up the announcement to the others.
            var flush = inner.FlushAsync();
            if (flush.IsCompletedSuccessfully)
                _ = flush.Result;
            else
                _farewell = flush.AsTask();
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Take();
        return inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        Take();
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
        Take();
        var flush = inner.FlushAsync(cancellationToken);
        if (!flush.IsCompletedSuccessfully)
            return ReleaseAsync(flush, cancellationToken);
        return TryRelease() ? flush : ReleaseAsync(inner.FlushAsync(cancellationToken), cancellationToken);
    }

    private void Take()
    {
        // Kestrel writes one frame at a time, and nobody else gives its turn away.
        if (_isKestrels)
            return;
        lock (_lock)
            _isKestrels = true;
        // A pipe takes nothing while it is flushed. Whether that went well, the next flush tells.
        if (!_farewell.IsCompleted)
            Task.WaitAny(_farewell);
    }

    /// <summary>Ends Kestrel's turn, unless a GOAWAY was asked for meanwhile: that is written then, and remains to be flushed.</summary>
    private bool TryRelease()
    {
        lock (_lock)
        {
            _hasBegun = true;
            _isKestrels = _isWanted;
            if (_isWanted)
                WriteGoAway();
            return !_isKestrels;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> ReleaseAsync(ValueTask<FlushResult> flush, CancellationToken cancellation)
    {
        var result = await flush;
        while (!TryRelease())
            result = await inner.FlushAsync(cancellation);
        return result;
    }

    private void WriteGoAway()
    {
        _isWanted = false;
        if (_isDone)
            return;
        _isDone = true;
        inner.Write(GoAway);
    }
}
