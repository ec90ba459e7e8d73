using System.Buffers.Text;
using System.Text;

namespace IngressController.Upstream;

/// <summary>How much of the final response stands in bytes of an HTTP/1.1 connection, after interim responses.</summary>
/// <param name="HasBegun">True if any of it has come.</param>
/// <param name="EndOfStatusLine">The position after its status line; 0 if that has not come.</param>
/// <param name="Status">The status code; 0 if there is none.</param>
/// <param name="IsComplete">True if all of it has come, by its own framing.</param>
internal readonly record struct ResponseProgress(bool HasBegun, int EndOfStatusLine, int Status, bool IsComplete)
{
    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    public static ResponseProgress Of(ReadOnlySpan<byte> received)
    {
        var start = 0;
        while (true)
        {
            var response = received[start..];
            var line = response.IndexOf((byte)'\n') + 1;
            var status = line > 0 && response.Length >= 12 && Utf8Parser.TryParse(response[9..12], out int code, out var length) && length == 3 ? code : 0;
            var head = response.IndexOf(EndOfHead) is >= 0 and var end ? end + EndOfHead.Length : 0;
            // 101 is final: what follows is not HTTP.
            if (status is >= 100 and < 200 and not StatusCodes.Status101SwitchingProtocols)
            {
                if (head == 0)
                    return default;
                start += head;
                continue;
            }

            // The beginning of an interim response looks the same.
            var hasBegun = status != 0 || (response.Length > 9 && response[9] != '1');
            return new(hasBegun, line > 0 ? start + line : 0, status, head > 0 && status != 101 && IsCompleteBody(status, response[..head], response[head..]));
        }
    }

    private static bool IsCompleteBody(int status, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (status == StatusCodes.Status204NoContent)
            return true;
        long? length = null;
        var isChunked = false;
        foreach (var range in head.Split((byte)'\n'))
        {
            var field = head[range];
            var colon = field.IndexOf((byte)':');
            if (colon < 0)
                continue;
            if (Ascii.EqualsIgnoreCase(field[..colon], "Transfer-Encoding"u8))
                isChunked = true;
            else if (Ascii.EqualsIgnoreCase(field[..colon], "Content-Length"u8) && Utf8Parser.TryParse(field[(colon + 1)..].Trim(" \t\r"u8), out long value, out _))
                length = value;
        }

        return isChunked ? HasLastChunk(body) : body.Length >= length;
    }

    private static bool HasLastChunk(ReadOnlySpan<byte> body)
    {
        while (Utf8Parser.TryParse(body, out uint size, out _, 'X') && body.IndexOf((byte)'\n') is >= 0 and var line)
        {
            if (size == 0)
                return body.EndsWith(EndOfHead);
            body = body[(line + 1)..];
            if (size + 2L > body.Length)
                return false;
            body = body[((int)size + 2)..];
        }

        return false;
    }
}
