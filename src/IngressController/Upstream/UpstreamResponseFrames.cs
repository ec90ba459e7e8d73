using System.Buffers.Binary;
using IngressController.Http2;

namespace IngressController.Upstream;

/// <summary>
/// Changes the frames of an endpoint so that the HTTP client loses nothing of what came before an end. It discards what was not read of a
/// response when its stream is reset, so the reset becomes the end of the response, with a mark in trailers. A response that is complete is
/// kept if the reset that follows has no error (RFC 9113, 8.1), so it gets none.
/// </summary>
/// <param name="requests">The streams.</param>
internal sealed class UpstreamResponseFrames(OpenRequests requests)
{
    /// <summary>The most that is kept of a frame: a GOAWAY without its text.</summary>
    private const int MaxKept = FrameHead.Size + GoAwayLength;

    private const int ResetLength = 4;

    private const int GoAwayLength = 8;

    private readonly ByteBuffer _queue = new();
    private readonly byte[] _kept = new byte[MaxKept];
    private int _keptLength;
    private int _queueStart;
    private int _rest;
    private bool _isInBlock;

    /// <summary>Bytes for the HTTP client that were not read from the connection just now.</summary>
    public bool HasQueue => _queueStart < _queue.Length;

    /// <summary>Takes queued bytes.</summary>
    public int Take(Span<byte> destination)
    {
        var count = Math.Min(destination.Length, _queue.Length - _queueStart);
        _queue.Span.Slice(_queueStart, count).CopyTo(destination);
        _queueStart += count;
        if (!HasQueue)
        {
            _queue.Release();
            _queueStart = 0;
        }

        return count;
    }

    /// <summary>Queues bytes that the HTTP client had no room for, before those that are queued.</summary>
    public void QueueFirst(ReadOnlySpan<byte> bytes)
    {
        var later = _queue.Span[_queueStart..].ToArray();
        _queue.Release();
        _queueStart = 0;
        _queue.Append(bytes);
        _queue.Append(later);
    }

    /// <summary>Puts the begin of a frame that was kept before the bytes that are read next; returns its length.</summary>
    public int PutKept(Span<byte> destination)
    {
        _kept.AsSpan(0, _keptLength).CopyTo(destination);
        return _keptLength;
    }

    /// <summary>Looks at bytes that were read, and changes them.</summary>
    /// <returns>How many of them are for the HTTP client. More may be queued.</returns>
    public int Pass(Span<byte> bytes)
    {
        _keptLength = 0;
        var position = 0;
        int? unqueued = null;
        var passed = 0;
        while (position < bytes.Length)
        {
            if (_rest > 0)
            {
                var skipped = Math.Min(_rest, bytes.Length - position);
                _rest -= skipped;
                position += skipped;
                continue;
            }

            var frame = bytes[position..];
            var head = frame.Length < FrameHead.Size ? default : FrameHead.Read(frame);
            if (frame.Length < FrameHead.Size + Needed(head))
            {
                Keep(frame);
                bytes = bytes[..position];
                break;
            }

            if (head is { Type: FrameType.Data, IsPadded: false } && head.Length > frame.Length - FrameHead.Size)
            {
                Split(frame, head);
                break;
            }

            // What comes after queued bytes is queued too.
            if (unqueued is { } start && (head.Type is FrameType.ResetStream or FrameType.GoAway))
            {
                _queue.Append(bytes[start..position]);
                unqueued = position;
            }

            if (Change(frame, head) && unqueued is null)
                unqueued = passed = position;
            _rest = head.Length;
            position += FrameHead.Size;
        }

        if (unqueued is not { } rest)
            return bytes.Length;
        _queue.Append(bytes[rest..]);
        return passed;
    }

    /// <summary>
    /// Queues the ends of all streams, in place of the end of the connection. The HTTP client closes the connection when all have ended.
    /// </summary>
    /// <returns>False if the HTTP client loses nothing by the end of the connection.</returns>
    public bool TryEnd()
    {
        if (_rest > 0 || _isInBlock)
            return false;
        var last = requests.Last;
        var open = requests.RemoveAbove(0);
        if (!Array.Exists(open, stream => stream.Passed != Passed.None && stream.Passed != Passed.RequestEnd))
            return false;
        new FrameHead(GoAwayLength, FrameType.GoAway, 0, 0).Write(_queue);
        Append(last);
        Append(Http2ErrorCode.NoError);
        foreach (var (stream, passed) in open)
        {
            if (passed.HasFlag(Passed.ResponseData))
                QueueCut(stream, passed, "the connection was closed");
            Reset(stream, (passed & (Passed.ResponseData | Passed.ResponseEnd)) != Passed.None ? Http2ErrorCode.NoError : Http2ErrorCode.InternalError);
        }

        return true;
    }

    /// <summary>The bytes of a frame that are needed to decide about it.</summary>
    private static int Needed(FrameHead head) => head.Type switch
    {
        FrameType.ResetStream => Math.Min(head.Length, ResetLength),
        FrameType.GoAway => Math.Min(head.Length, GoAwayLength),
        FrameType.Data => Math.Min(head.Length, 1),
        _ => 0,
    };

    /// <summary>Records a frame, and changes it or queues others before it; true if it has queued any.</summary>
    private bool Change(Span<byte> frame, FrameHead head)
    {
        switch (head.Type)
        {
            case FrameType.Headers or FrameType.Continuation:
                _isInBlock = !head.EndsHeaders;
                if (head.Type == FrameType.Headers)
                    requests.Received(head);
                return false;
            case FrameType.Data:
                requests.Received(head);
                return false;
            case FrameType.ResetStream when head.Length == ResetLength:
                return ChangeReset(head.Stream, frame.Slice(FrameHead.Size, ResetLength));
            case FrameType.GoAway when head.Length >= GoAwayLength:
                var queued = _queue.Length;
                foreach (var (stream, passed) in requests.RemoveAbove(BinaryPrimitives.ReadInt32BigEndian(frame[FrameHead.Size..]) & int.MaxValue))
                {
                    if (passed.HasFlag(Passed.ResponseData))
                        QueueCut(stream, passed, "the endpoint closes the connection");
                }

                return _queue.Length > queued;
            default:
                return false;
        }
    }

    private bool ChangeReset(int stream, Span<byte> error)
    {
        var passed = requests.Remove(stream);
        if ((passed & (Passed.ResponseData | Passed.ResponseEnd)) == Passed.None)
            return false;
        var code = BinaryPrimitives.ReadUInt32BigEndian(error);
        error.Clear();
        if (passed.HasFlag(Passed.ResponseEnd))
            return false;
        QueueCut(stream, passed, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the stream was reset with error {code}"));
        return true;
    }

    /// <summary>Makes two DATA frames of one that has come in part, so that its first part can be read, whatever follows.</summary>
    private void Split(Span<byte> frame, FrameHead head)
    {
        var length = frame.Length - FrameHead.Size;
        var rest = head with { Length = head.Length - length };
        frame[..FrameHead.Size].CopyTo(_kept);
        _keptLength = FrameHead.Size;
        WriteLength(_kept, rest.Length);
        WriteLength(frame, length);
        frame[4] = 0;
        requests.Received(head with { Flags = 0 });
    }

    private static void WriteLength(Span<byte> head, int length) => (head[0], head[1], head[2]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length);

    private void Keep(ReadOnlySpan<byte> frame)
    {
        frame.CopyTo(_kept);
        _keptLength = frame.Length;
    }

    private void QueueCut(int stream, Passed passed, string reason)
    {
        if (!passed.HasFlag(Passed.ResponseEnd))
            CutMark.Write(_queue, stream, reason);
    }

    private void Reset(int stream, int error)
    {
        new FrameHead(ResetLength, FrameType.ResetStream, 0, stream).Write(_queue);
        Append(error);
    }

    private void Append(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _queue.Append(bytes);
    }
}
