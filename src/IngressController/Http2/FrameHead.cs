using System.Buffers.Binary;

namespace IngressController.Http2;

/// <summary>The types of frames that are looked at (RFC 9113, 6).</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    PushPromise = 5,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>The head of a frame (RFC 9113, 4.1).</summary>
internal readonly record struct FrameHead(int Length, FrameType Type, byte Flags, int Stream)
{
    /// <summary>The length of a head.</summary>
    public const int Size = 9;

    public const byte EndStreamFlag = 0x1;

    public const byte EndHeadersFlag = 0x4;

    private const byte PaddedFlag = 0x8;

    private const byte PriorityFlag = 0x20;

    public bool IsOfHeaderBlock => Type is FrameType.Headers or FrameType.Continuation;

    public bool EndsStream => (Flags & EndStreamFlag) != 0;

    /// <summary>True for padding, in the frames that can have some.</summary>
    public bool IsPadded => (Flags & PaddedFlag) != 0;

    public bool EndsHeaders => (Flags & EndHeadersFlag) != 0;

    public static FrameHead Read(ReadOnlySpan<byte> head) => new(
        (head[0] << 16) | (head[1] << 8) | head[2], (FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue);

    public void Write(ByteBuffer output)
    {
        Span<byte> head = [(byte)(Length >> 16), (byte)(Length >> 8), (byte)Length, (byte)Type, Flags, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(head[5..], Stream);
        output.Append(head);
    }

    /// <summary>Finds the fragment of a header block in the payload of HEADERS (RFC 9113, 6.2); false if the lengths do not fit.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="fragment">The fragment, without priority and padding.</param>
    /// <param name="dependency">The stream that this one depends on; 0 for none.</param>
    public bool TryGetFragment(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> fragment, out int dependency)
    {
        fragment = default;
        dependency = 0;
        var padding = 0;
        var start = 0;
        if (IsPadded)
        {
            if (payload.IsEmpty)
                return false;
            padding = payload[0];
            start = 1;
        }

        if ((Flags & PriorityFlag) != 0)
        {
            if (payload.Length < start + 5)
                return false;
            dependency = BinaryPrimitives.ReadInt32BigEndian(payload[start..]) & int.MaxValue;
            start += 5;
        }

        // As Kestrel: padding without priority leaves something of the fragment.
        if ((IsPadded && padding >= payload.Length - 1) || start + padding > payload.Length)
            return false;
        fragment = payload[start..^padding];
        return true;
    }
}
