using System.Text;

namespace IngressController.Http;

/// <summary>
/// Reads a Content-Length. Kestrel parses what this returns as a number with sign, white space and NUL, and keeps no text. RFC 9112, 6.3
/// permits digits only, and servers that read the others differently can be made to see another request.
/// </summary>
internal sealed class ContentLengthEncoding : Encoding
{
    /// <summary>The digits of the largest number that Kestrel accepts; it refuses a value with more characters.</summary>
    private const int MaxDigits = 19;

    private const int MaxText = 64;

    public static ContentLengthEncoding Instance { get; } = new();

    /// <summary>Decodes a valid value; returns more characters than Kestrel accepts for any other.</summary>
    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars) =>
        bytes.Length <= MaxDigits && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9') ? Latin1.GetChars(bytes, chars) : MaxDigits + 1;

    // The rest decodes the value for the log: short and without control characters.
    public override int GetCharCount(byte[] bytes, int index, int count) => Math.Min(count, MaxText);

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var length = Math.Min(byteCount, MaxText);
        for (var i = 0; i < length; i++)
            chars[charIndex + i] = bytes[byteIndex + i] is >= (byte)' ' and <= (byte)'~' and var visible ? (char)visible : '?';
        return length;
    }

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount;
}
