namespace IngressController.Shutdown;

/// <summary>Parses the headers of a stream of WebSocket frames (RFC 6455, 5.2) to find the boundaries between frames.</summary>
internal struct WebSocketFrames
{
    private const int CloseOpcode = 8;

    private Part _next;
    private int _lengthBytes;
    private int _maskBytes;
    private ulong _payload;

    private enum Part : byte
    {
        FirstByte,
        SecondByte,
        RestOfHeader,
        Payload,
    }

    /// <summary>True if the last frame is complete.</summary>
    public readonly bool IsAtBoundary => _next == Part.FirstByte;

    /// <summary>True if a close frame has begun. No frame may follow it.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>Advances over all bytes, or only to the end of the current frame.</summary>
    /// <returns>The number of bytes that it advanced over.</returns>
    public int Advance(ReadOnlySpan<byte> bytes, bool toBoundary = false)
    {
        var position = 0;
        while (position < bytes.Length && !(toBoundary && IsAtBoundary))
        {
            if (_next == Part.Payload)
            {
                var passed = (int)Math.Min(_payload, (ulong)(bytes.Length - position));
                position += passed;
                _payload -= (ulong)passed;
                if (_payload == 0)
                    _next = Part.FirstByte;
            }
            else
            {
                ReadHeader(bytes[position++]);
            }
        }

        return position;
    }

    private void ReadHeader(byte value)
    {
        switch (_next)
        {
            case Part.FirstByte:
                HasClosed |= (value & 0x0F) == CloseOpcode;
                _next = Part.SecondByte;
                return;
            case Part.SecondByte:
                _maskBytes = (value & 0x80) != 0 ? 4 : 0;
                _lengthBytes = (value & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 };
                _payload = _lengthBytes == 0 ? value & 0x7Fu : 0;
                break;
            default:
                if (_lengthBytes > 0)
                {
                    _payload = (_payload << 8) | value;
                    _lengthBytes--;
                }
                else
                {
                    _maskBytes--;
                }

                break;
        }

        _next = _lengthBytes + _maskBytes > 0 ? Part.RestOfHeader
            : _payload > 0 ? Part.Payload
            : Part.FirstByte;
    }
}
