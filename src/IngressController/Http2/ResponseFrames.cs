using System.IO.Pipelines;

namespace IngressController.Http2;

/// <summary>The bytes to an HTTP/2 client as Kestrel writes them, unchanged. Tells which streams end.</summary>
/// <param name="inner">What takes the bytes.</param>
/// <param name="ended">Called with each stream of which the last frame is written. Kestrel holds a lock, so it must be short.</param>
/// <param name="over">Called when nothing more is written to any stream.</param>
internal sealed class ResponseFrames(PipeWriter inner, Action<int> ended, Action over) : PipeWriter
{
    private readonly byte[] _head = new byte[FrameHead.Size];
    private int _headLength;

    /// <summary>The number of bytes up to the next head.</summary>
    private int _payload;

    /// <summary>The position in the payload of GOAWAY; null in others.</summary>
    private int? _goAway;

    /// <summary>What Kestrel writes into.</summary>
    private Memory<byte> _memory;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        Scan(_memory.Span[..bytes]);
        _memory = _memory[bytes..];
        inner.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        over();
        inner.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        over();
        return inner.CompleteAsync(exception);
    }

    private void Scan(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var skipped = Math.Min(_payload, bytes.Length);
            _payload -= skipped;
            if (_goAway is not null)
                SeeGoAway(bytes[..skipped]);
            bytes = bytes[skipped..];
            if (bytes.IsEmpty)
                return;
            if (_headLength == 0 && bytes.Length >= FrameHead.Size)
            {
                See(FrameHead.Read(bytes));
                bytes = bytes[FrameHead.Size..];
                continue;
            }

            var part = Math.Min(FrameHead.Size - _headLength, bytes.Length);
            bytes[..part].CopyTo(_head.AsSpan(_headLength));
            _headLength += part;
            bytes = bytes[part..];
            if (_headLength < FrameHead.Size)
                return;
            _headLength = 0;
            See(FrameHead.Read(_head));
        }
    }

    private void See(FrameHead head)
    {
        _payload = head.Length;
        _goAway = head.Type == FrameType.GoAway ? 0 : null;
        if (head.Type == FrameType.ResetStream || (head.EndsStream && head.Type is FrameType.Data or FrameType.Headers))
            ended(head.Stream);
    }

    /// <summary>The error of the connection follows the last stream (RFC 9113, 6.8). With one, Kestrel ends all streams without a frame.</summary>
    private void SeeGoAway(ReadOnlySpan<byte> payload)
    {
        foreach (var value in payload)
        {
            if (_goAway++ is >= 4 and < 8 && value != 0)
                over();
        }
    }
}
