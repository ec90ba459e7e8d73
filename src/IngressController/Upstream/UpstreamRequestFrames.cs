using System.Buffers;
using IngressController.Http2;

namespace IngressController.Upstream;

/// <summary>Looks at the frames that the HTTP client sends, which it writes whole.</summary>
/// <param name="requests">Where streams are recorded.</param>
/// <param name="isSecure">
/// True to make https of <c>:scheme</c>. The HTTP client writes http, as it does not know that there is TLS below: for https it pools connections
/// by the request's Host, which clients choose.
/// </param>
internal sealed class UpstreamRequestFrames(OpenRequests requests, bool isSecure)
{
    private const int PrefaceLength = 24;

    private const byte SchemeHttp = 0x86;

    private const byte SchemeHttps = 0x87;

    /// <summary>Bytes that are not looked at before the next head of a frame.</summary>
    private int _rest = PrefaceLength;

    /// <summary>Records the frames of a write.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="changed">A rented array with the bytes to send instead; null if nothing is changed.</param>
    public void Pass(ReadOnlySpan<byte> bytes, out byte[]? changed)
    {
        changed = null;
        var position = Skip(0, bytes.Length);
        while (position < bytes.Length)
        {
            var frame = FrameHead.Read(bytes[position..]);
            position += FrameHead.Size;
            if (frame.Type is FrameType.Headers or FrameType.Data or FrameType.ResetStream)
                requests.Sending(frame);
            if (isSecure && frame.Type == FrameType.Headers)
            {
                if (changed is null)
                    bytes.CopyTo(changed = ArrayPool<byte>.Shared.Rent(bytes.Length));
                changed[position + SchemeIn(bytes.Slice(position, frame.Length))] = SchemeHttps;
            }

            _rest = frame.Length;
            position = Skip(position, bytes.Length);
        }
    }

    private int Skip(int position, int length)
    {
        var skipped = Math.Min(_rest, length - position);
        _rest -= skipped;
        return position + skipped;
    }

    /// <summary>The position of <c>:scheme</c>, which the HTTP client writes after <c>:method</c>, from the static table.</summary>
    private static int SchemeIn(ReadOnlySpan<byte> block)
    {
        var position = 0;
        // Changes of the size of the dynamic table (RFC 7541, 6.3).
        while ((block[position] & 0xE0) == 0x20)
            ReadNumber(block, ref position, 5);
        if (block[position++] < 0x80)
        {
            var length = ReadNumber(block, ref position, 7);
            position += length;
        }

        return block[position] == SchemeHttp ? position : throw new InvalidDataException("the HTTP client does not write :scheme after :method");
    }

    private static int ReadNumber(ReadOnlySpan<byte> block, ref int position, int prefix)
    {
        var length = HpackDecoder.ReadInteger(block[position..], prefix, out var number);
        position += length > 0 ? length : throw new InvalidDataException("the HTTP client writes a malformed header block");
        return number;
    }
}
