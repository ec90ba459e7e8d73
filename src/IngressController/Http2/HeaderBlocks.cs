namespace IngressController.Http2;

/// <summary>What happens to a frame.</summary>
internal enum FrameVerdict
{
    /// <summary>It passes unchanged.</summary>
    Pass,

    /// <summary>Other bytes pass in its place, or none.</summary>
    Replace,

    /// <summary>It passes, and the connection ends with it: Kestrel does not accept it.</summary>
    PassAndEnd,

    /// <summary>Other bytes pass in its place, and the connection ends.</summary>
    ReplaceAndEnd,
}

/// <summary>
/// Reads the header blocks of a client and replaces malformed ones. Until the first of them, blocks pass as they are. The dynamic table of
/// Kestrel does not have the fields of a malformed block, so all later blocks are encoded without the table.
/// </summary>
/// <param name="decoder">The decoder of the connection.</param>
/// <param name="fields">The checks of the fields.</param>
/// <param name="streams">The streams of the connection.</param>
/// <param name="maxBlock">The maximum length of a block in several frames. A longer one ends the connection.</param>
/// <param name="maxFrame">The maximum length of a frame to Kestrel.</param>
internal sealed class HeaderBlocks(HpackDecoder decoder, FieldBlock fields, OpenStreams streams, int maxBlock, int maxFrame)
{
    /// <summary>
    /// A dynamic table of 8 MiB, which is not allowed: to Kestrel a decoding error, too. What the client sent may be none to it, and index 0
    /// is an internal error.
    /// </summary>
    private static ReadOnlySpan<byte> Invalid => [0x3F, 0xE1, 0xFF, 0xFF, 0x03];

    private readonly ByteBuffer _held = new();
    private int _stream;
    private int _lastStream;
    private int _decoded;
    private int _received;
    private bool _isRewriting;
    private bool _isDropped;

    /// <summary>True within a block, where no frame but CONTINUATION is allowed (RFC 9113, 4.3).</summary>
    public bool IsOpen => _stream != 0;

    /// <summary>A frame passes that is not of a header block.</summary>
    public void Pass(FrameHead head) => streams.Pass(head);

    /// <summary>Returns what is held.</summary>
    public void Release() => Close();

    /// <summary>Reads a frame of a header block.</summary>
    public FrameVerdict Receive(FrameHead head, ReadOnlySpan<byte> payload, ByteBuffer output) =>
        head.Type == FrameType.Headers ? ReceiveHeaders(head, payload, output)
        : IsOpen && head.Stream == _stream ? Continue(head.EndsHeaders, payload, output)
        : FrameVerdict.PassAndEnd;

    private FrameVerdict ReceiveHeaders(FrameHead head, ReadOnlySpan<byte> payload, ByteBuffer output)
    {
        var isTrailers = head.Stream <= _lastStream;
        // Trailers that do not end the stream. The body may go on: Kestrel reads the rest of it once the stream is reset.
        _isDropped = isTrailers && !head.EndsStream;
        // Kestrel ends the connection for these, too.
        if (IsOpen || (head.Stream & 1) == 0 || !head.TryGetFragment(payload, out var fragment, out var dependency) || (_isDropped && !streams.TryRefuse(head.Stream)))
            return FrameVerdict.PassAndEnd;
        _lastStream = Math.Max(_lastStream, head.Stream);
        if (isTrailers)
            streams.Pass(head);
        else
            streams.Open(head);
        _isRewriting |= _isDropped;
        decoder.Begin();
        fields.Begin(isTrailers, _isRewriting);
        if (dependency == head.Stream)
            fields.Refuse(RequestProblem.SelfDependency);
        var flags = (byte)(head.Flags & FrameHead.EndStreamFlag);
        if (!head.EndsHeaders)
        {
            (_stream, _received) = (head.Stream, 0);
            // Kestrel's time limit for the block begins.
            if (!_isDropped)
                new FrameHead(0, FrameType.Headers, flags, head.Stream).Write(output);
            return Continue(isLast: false, fragment, output);
        }

        var isValid = Decode(ref fragment) && fragment.IsEmpty && !decoder.IsSkipping;
        decoder.Release();
        if (!isValid)
            return EndWith(Invalid, FrameType.Headers, flags, head.Stream, output);
        if (!fields.IsRewritten)
            return FrameVerdict.Pass;
        Rewrite(FrameType.Headers, flags, head.Stream, output);
        return FrameVerdict.Replace;
    }

    /// <summary>Holds a fragment until its block is complete.</summary>
    private FrameVerdict Continue(bool isLast, ReadOnlySpan<byte> fragment, ByteBuffer output)
    {
        _received += fragment.Length;
        if (_received > maxBlock)
        {
            Close();
            return FrameVerdict.ReplaceAndEnd;
        }

        _held.Append(fragment);
        var rest = _held.Span[_decoded..];
        var isValid = Decode(ref rest) && !(isLast && (!rest.IsEmpty || decoder.IsSkipping));
        decoder.Release();
        _decoded = _held.Length - rest.Length;
        if (!isValid)
        {
            var stream = _stream;
            Close();
            return EndWith(Invalid, FrameType.Continuation, 0, stream, output);
        }

        if (fields.IsRewritten && _decoded > 0)
        {
            _held.RemoveFirst(_decoded);
            _decoded = 0;
        }

        if (!isLast)
            return FrameVerdict.Replace;
        if (fields.IsRewritten)
            Rewrite(FrameType.Continuation, 0, _stream, output);
        else
            Write(_held.Span, FrameType.Continuation, 0, _stream, output);
        Close();
        return FrameVerdict.Replace;
    }

    /// <summary>Decodes as many fields as there are; false if the bytes are invalid, or decode to far more than is allowed.</summary>
    private bool Decode(ref ReadOnlySpan<byte> block)
    {
        while (true)
        {
            switch (decoder.Read(ref block, out var field))
            {
                case HpackStatus.Field:
                    fields.Add(field);
                    if (fields.IsExcessive)
                        return false;
                    break;
                case HpackStatus.Oversized:
                    fields.Refuse(RequestProblem.TooLarge);
                    break;
                case HpackStatus.Incomplete:
                    return true;
                default:
                    return false;
            }
        }
    }

    private void Rewrite(FrameType type, byte flags, int stream, ByteBuffer output)
    {
        _isRewriting = true;
        fields.End();
        if (!_isDropped)
            Write(fields.Encoded.Span, type, flags, stream, output);
        fields.Encoded.Release();
    }

    private FrameVerdict EndWith(ReadOnlySpan<byte> block, FrameType type, byte flags, int stream, ByteBuffer output)
    {
        fields.Encoded.Release();
        Write(block, type, flags, stream, output);
        return FrameVerdict.ReplaceAndEnd;
    }

    private void Close()
    {
        _held.Release();
        (_stream, _decoded) = (0, 0);
    }

    /// <summary>Writes a block in as many frames as needed.</summary>
    private void Write(ReadOnlySpan<byte> block, FrameType type, byte flags, int stream, ByteBuffer output)
    {
        do
        {
            var part = block[..Math.Min(block.Length, maxFrame)];
            block = block[part.Length..];
            new FrameHead(part.Length, type, (byte)(flags | (block.IsEmpty ? FrameHead.EndHeadersFlag : 0)), stream).Write(output);
            output.Append(part);
            (type, flags) = (FrameType.Continuation, 0);
        }
        while (!block.IsEmpty);
    }
}
