namespace IngressController.Upstream.Http1;

/// <summary>Decodes a chunked body (RFC 9112, 7.1), strictly.</summary>
internal struct ChunkDecoder
{
    /// <summary>The maximum length of the line of a chunk, and of all trailers.</summary>
    private const int MaxLine = 4 * 1024;

    private const int MaxTrailers = 32 * 1024;

    private State _state;
    private long _remaining;
    private int _trailerBytes;

    private enum State
    {
        Size,
        Data,
        EndOfData,
        Trailers,
        End,
    }

    /// <summary>True after the last chunk and the trailers.</summary>
    public readonly bool IsComplete => _state == State.End;

    /// <summary>Decodes a part of what was received.</summary>
    /// <param name="received">The bytes that follow those consumed before.</param>
    /// <param name="limit">The maximum number of bytes of data.</param>
    /// <param name="data">The position of data in it; empty if there is none.</param>
    /// <param name="trailers">Gets the trailers; null to ignore them.</param>
    /// <returns>The number of bytes that are consumed, including the data; 0 if more must be received.</returns>
    public int Decode(ReadOnlySpan<byte> received, int limit, out Range data, List<(string Name, string Value)>? trailers)
    {
        data = default;
        switch (_state)
        {
            case State.Size:
                return ReadSize(received);
            case State.Data:
                var count = (int)Math.Min(Math.Min(received.Length, limit), _remaining);
                data = ..count;
                _remaining -= count;
                if (_remaining == 0)
                    _state = State.EndOfData;
                return count;
            case State.EndOfData:
                if (received.Length < 2)
                    return received is [] or [(byte)'\r'] ? 0 : throw new InvalidResponseException("a chunk of the response does not end with CRLF");
                if (!received.StartsWith("\r\n"u8))
                    throw new InvalidResponseException("a chunk of the response does not end with CRLF");
                _state = State.Size;
                return 2;
            case State.Trailers:
                return ReadTrailer(received, trailers);
            default:
                return 0;
        }
    }

    private static ReadOnlySpan<byte> LineOf(ReadOnlySpan<byte> received, int max)
    {
        var feed = received.IndexOf((byte)'\n');
        if (feed < 0 ? received.Length > max : feed > max)
            throw new InvalidResponseException("a line of the chunked response is too long");
        if (feed < 0)
            return [];
        return feed > 0 && received[feed - 1] == '\r' ? received[..(feed + 1)] : throw new InvalidResponseException("a line of the chunked response does not end with CRLF");
    }

    private int ReadSize(ReadOnlySpan<byte> received)
    {
        var line = LineOf(received, MaxLine);
        if (line.IsEmpty)
            return 0;
        var (size, digits) = (0L, 0);
        while (HexValue(line[digits]) is >= 0 and var value)
        {
            // Leading zeros count, too.
            if (++digits > 15)
                throw new InvalidResponseException("a chunk of the response is too large");
            size = (size << 4) | (long)value;
        }

        var rest = line[digits..^2];
        var extension = rest.TrimStart(" \t"u8);
        if (digits == 0 || (!extension.IsEmpty && extension[0] != ';') || (extension.IsEmpty && !rest.IsEmpty) || rest.ContainsAny(FieldLine.ControlBytes))
            throw new InvalidResponseException("the size of a chunk of the response is malformed");
        _remaining = size;
        _state = size == 0 ? State.Trailers : State.Data;
        return line.Length;
    }

    private int ReadTrailer(ReadOnlySpan<byte> received, List<(string Name, string Value)>? trailers)
    {
        var line = LineOf(received, MaxTrailers - _trailerBytes);
        if (line.IsEmpty)
            return 0;
        _trailerBytes += line.Length;
        if (line.Length == 2)
        {
            _state = State.End;
            return 2;
        }

        var (name, value) = FieldLine.Read(line[..^2]);
        trailers?.Add((name, value));
        return line.Length;
    }

    private static int HexValue(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
