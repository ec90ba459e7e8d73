using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace IngressController.Http2;

/// <summary>
/// The bytes of an HTTP/2 client as Kestrel reads them: unchanged, except for header blocks that are replaced (<see cref="HeaderBlocks"/>).
/// Frames that pass are not copied.
/// </summary>
/// <param name="inner">The bytes as they come.</param>
/// <param name="blocks">The header blocks of the connection.</param>
/// <param name="maxFrame">The maximum length of a frame.</param>
/// <param name="flood">The limit of frames that carry nothing; null for none.</param>
internal sealed class FrameFilter(PipeReader inner, HeaderBlocks blocks, int maxFrame, FrameFloodLimit? flood = null) : PipeReader
{
    /// <summary>The length of what a client sends before its first frame (RFC 9113, 3.4).</summary>
    private const int Preface = 24;

    /// <summary>Bytes that pass in place of others.</summary>
    private readonly ByteBuffer _output = new();

    private int _outputRead;

    /// <summary>What was read last of the bytes as they come.</summary>
    private ReadOnlySequence<byte> _buffer;

    /// <summary>What Kestrel has got of them, or of the output.</summary>
    private ReadOnlySequence<byte> _returned;

    private bool _isOutputReturned;

    /// <summary>The number of bytes at the start of the buffer that pass.</summary>
    private long _passing;

    /// <summary>The number of bytes behind them that do not.</summary>
    private long _replaced;

    /// <summary>The number of bytes that pass behind those, whatever they are.</summary>
    private long _unseen = Preface;

    /// <summary>True if the connection ends behind these.</summary>
    private bool _isEnding;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_output.Length > 0 && _replaced == 0 && _passing == 0)
            return new(ReturnOutput(isCanceled: false));
        var read = inner.ReadAsync(cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return ReadOnAsync(read, cancellationToken);
        return TryReturn(read.Result, out var result) ? new(result) : ReadOnAsync(inner.ReadAsync(cancellationToken), cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        if (_output.Length > 0 && _replaced == 0 && _passing == 0)
        {
            result = ReturnOutput(isCanceled: false);
            return true;
        }

        while (inner.TryRead(out var read))
        {
            if (TryReturn(read, out result))
                return true;
        }

        return false;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var count = consumed.Equals(_returned.End) ? _returned.Length : _returned.Slice(0, consumed).Length;
        if (_isOutputReturned)
        {
            _outputRead += (int)count;
            if (_outputRead == _output.Length)
            {
                _output.Release();
                _outputRead = 0;
            }

            return;
        }

        _passing -= count;
        // The rest is not a whole frame yet, unless more of it passes or is replaced.
        if (_passing == 0 && _replaced == 0 && _output.Length == 0)
            inner.AdvanceTo(consumed, _buffer.End);
        else
            inner.AdvanceTo(consumed);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Release();
        inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        Release();
        return inner.CompleteAsync(exception);
    }

    private void Release()
    {
        _output.Release();
        blocks.Release();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadOnAsync(ValueTask<ReadResult> read, CancellationToken cancellation)
    {
        ReadResult result;
        while (!TryReturn(await read, out result))
            read = inner.ReadAsync(cancellation);
        return result;
    }

    /// <summary>Returns what passes of the bytes read; false if nothing does yet.</summary>
    private bool TryReturn(in ReadResult read, out ReadResult result)
    {
        _buffer = read.Buffer;
        Scan(_buffer);
        if (_passing > 0 || (_replaced == 0 && _output.Length == 0 && (read.IsCompleted || read.IsCanceled)))
        {
            _isOutputReturned = false;
            _returned = _buffer.Slice(0, _passing);
            // Without a whole frame at the end, the rest of it is of no use.
            result = new ReadResult(_returned, read.IsCanceled, read.IsCompleted && _replaced == 0 && _output.Length == 0);
            return true;
        }

        inner.AdvanceTo(_buffer.GetPosition(_replaced), _replaced == 0 && _output.Length == 0 ? _buffer.End : _buffer.GetPosition(_replaced));
        _replaced = 0;
        var isReturned = _output.Length > 0 || read.IsCanceled;
        result = isReturned ? ReturnOutput(read.IsCanceled) : default;
        return isReturned;
    }

    private ReadResult ReturnOutput(bool isCanceled)
    {
        _isOutputReturned = true;
        _returned = _output.From(_outputRead);
        return new ReadResult(_returned, isCanceled, isCompleted: false);
    }

    /// <summary>Finds the bytes that pass, up to the first frame that does not or is not complete.</summary>
    private void Scan(in ReadOnlySequence<byte> buffer)
    {
        var length = buffer.Length;
        while (_replaced == 0 && _output.Length == 0)
        {
            if (_unseen > 0)
            {
                var seen = Math.Min(_unseen, length - _passing);
                if (seen == 0)
                    return;
                _unseen -= seen;
                _passing += seen;
            }
            else if (_isEnding)
            {
                End();
            }
            else if (length - _passing < FrameHead.Size || !TryScanFrame(buffer, length - _passing))
            {
                return;
            }
        }
    }

    /// <summary>Looks at the next frame; false if it is not complete.</summary>
    private bool TryScanFrame(in ReadOnlySequence<byte> buffer, long available)
    {
        var rest = buffer.Slice(_passing);
        Span<byte> copy = stackalloc byte[FrameHead.Size];
        if (rest.FirstSpan.Length < FrameHead.Size)
            rest.Slice(0, FrameHead.Size).CopyTo(copy);
        else
            copy = default;
        var head = FrameHead.Read(copy.IsEmpty ? rest.FirstSpan : copy);
        var size = FrameHead.Size + head.Length;
        if (head.IsOfHeaderBlock && head.Length <= maxFrame && available < size)
            return false;
        var isFlood = flood?.TryTake(head) == false;
        if (head.IsOfHeaderBlock && isFlood)
        {
            // Nothing of a block passes that was not decoded.
            _replaced = Math.Min(size, available);
            End();
            return true;
        }

        if (!head.IsOfHeaderBlock)
        {
            // Kestrel does not accept it within a block.
            _isEnding = blocks.IsOpen || isFlood;
            blocks.Pass(head);
            _unseen = size;
            return true;
        }

        if (head.Length > maxFrame)
        {
            _isEnding = true;
            _unseen = FrameHead.Size;
            return true;
        }

        Judge(head, rest.Slice(FrameHead.Size, head.Length));
        return true;
    }

    private void Judge(FrameHead head, in ReadOnlySequence<byte> payload)
    {
        FrameVerdict verdict;
        if (payload.IsSingleSegment)
        {
            verdict = blocks.Receive(head, payload.FirstSpan, _output);
        }
        else
        {
            var copy = ArrayPool<byte>.Shared.Rent(head.Length);
            payload.CopyTo(copy);
            verdict = blocks.Receive(head, copy.AsSpan(0, head.Length), _output);
            ArrayPool<byte>.Shared.Return(copy);
        }

        if (verdict is FrameVerdict.Pass or FrameVerdict.PassAndEnd)
            _unseen = FrameHead.Size + head.Length;
        else
            _replaced = FrameHead.Size + head.Length;
        if (verdict == FrameVerdict.ReplaceAndEnd)
            End();
        _isEnding = verdict == FrameVerdict.PassAndEnd;
    }

    /// <summary>Ends the connection, if Kestrel has not for the frame before: no server accepts this one. What follows it is not served.</summary>
    private void End()
    {
        new FrameHead(0, FrameType.PushPromise, 0, 1).Write(_output);
        _isEnding = false;
        _unseen = long.MaxValue;
    }
}
