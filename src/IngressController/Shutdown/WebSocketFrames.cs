namespace IngressController.Shutdown;

/// <summary>Follows a stream of WebSocket frames (RFC 6455, 5.2) as it passes, to know where one ends and another may stand.</summary>
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

    /// <summary>Whether the last frame is complete.</summary>
    public readonly bool IsAtBoundary => _next == Part.FirstByte;

    /// <summary>Whether a close frame has begun: nothing may follow it.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>Follows all of the bytes, or only as many as the frame that is under way still has.</summary>
    /// <returns>How many were followed.</returns>
    public int Follow(ReadOnlySpan<byte> bytes, bool toBoundary = false)
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
