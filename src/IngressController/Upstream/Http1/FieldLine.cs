using System.Buffers;
using System.Text;

namespace IngressController.Upstream.Http1;

/// <summary>A line with a field of a response (RFC 9112, 5).</summary>
internal static class FieldLine
{
    /// <summary>Control characters other than the tab. No field and no reason phrase may contain them.</summary>
    public static readonly SearchValues<byte> ControlBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(value => value != '\t').Append(0x7F).Select(value => (byte)value)]);

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>The positions of name and value in a line without its end.</summary>
    public static (int NameLength, int ValueStart, int ValueLength) Split(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        // A line that begins with a blank continues the previous one in obsolete messages.
        if (colon <= 0 || line[..colon].ContainsAnyExcept(TokenBytes))
            throw new InvalidResponseException("a field name of the response is malformed");
        var value = line[(colon + 1)..];
        if (value.ContainsAny(ControlBytes))
            throw new InvalidResponseException("a field of the response contains a control character");
        var trimmed = value.TrimStart(" \t"u8);
        return (colon, line.Length - trimmed.Length, trimmed.TrimEnd(" \t"u8).Length);
    }

    /// <summary>Name and value of a line without its end.</summary>
    public static (string Name, string Value) Read(ReadOnlySpan<byte> line)
    {
        var (name, start, length) = Split(line);
        return (Encoding.Latin1.GetString(line[..name]), Encoding.Latin1.GetString(line.Slice(start, length)));
    }
}
