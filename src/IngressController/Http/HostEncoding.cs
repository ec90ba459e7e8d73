using System.Security.Cryptography;
using System.Text;

namespace IngressController.Http;

/// <summary>
/// Reads a Host header or <c>:authority</c> as Latin-1. Kestrel refuses an empty port (<c>Host: example.com:</c>), which RFC 3986, 3.2.3
/// permits, and resets the stream of an invalid <c>:authority</c> without a response. So both get a mark that Kestrel accepts, until the
/// pipeline has restored the one and refused the other.
/// </summary>
internal sealed class HostEncoding : Encoding
{
    /// <summary>Replaces an empty port. Random, so that no client can send it.</summary>
    private static readonly string Mark = $":{RandomNumberGenerator.GetString("0123456789", 40)}";

    /// <summary>Replaces an invalid value; restored, it is not valid either.</summary>
    private static readonly string InvalidMark = $"~{Mark}";

    private readonly bool _marksInvalid;

    private HostEncoding(bool marksInvalid) => _marksInvalid = marksInvalid;

    /// <summary>For Host. Kestrel itself replies to an HTTP/1.1 client.</summary>
    public static HostEncoding OfHost { get; } = new(marksInvalid: false);

    /// <summary>For <c>:authority</c>.</summary>
    public static HostEncoding OfAuthority { get; } = new(marksInvalid: true);

    /// <summary>Restores the value that the client sent.</summary>
    public static void Restore(IHeaderDictionary headers)
    {
        var hosts = headers.Host;
        if (hosts.Count == 1 && hosts[0] is { } host && host.EndsWith(Mark, StringComparison.Ordinal))
            headers.Host = string.Concat(host.AsSpan(0, host.Length - Mark.Length), ":");
    }

    /// <summary>
    /// Removes a host with an empty port after the request. Kestrel compares the bytes of the next request on the connection with the value
    /// that it finds here, and would take it over without the mark.
    /// </summary>
    public static void Forget(IHeaderDictionary headers)
    {
        if (headers.Host is [{ } host] && host.EndsWith(':'))
            headers.Host = default;
    }

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetCharCount(byte[] bytes, int index, int count)
    {
        var mark = MarkOf(bytes.AsSpan(index, count), out var kept);
        return kept.Length + mark.Length;
    }

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = chars.AsSpan(charIndex);
        var mark = MarkOf(bytes.AsSpan(byteIndex, byteCount), out var kept);
        mark.CopyTo(text[Latin1.GetChars(kept, text)..]);
        return kept.Length + mark.Length;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount + InvalidMark.Length;

    /// <summary>The mark that follows what is kept of a value; mostly none.</summary>
    private string MarkOf(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> kept)
    {
        kept = value;
        if (!IsValid(value))
        {
            kept = _marksInvalid ? [] : value;
            return _marksInvalid ? InvalidMark : "";
        }

        if (value is not [.., (byte)':'])
            return "";
        kept = value[..^1];
        return Mark;
    }

    private static bool IsValid(ReadOnlySpan<byte> value)
    {
        if (value.Length > RequestHost.MaxLength)
            return false;
        Span<char> text = stackalloc char[RequestHost.MaxLength];
        return RequestHost.IsValid(text[..Latin1.GetChars(value, text)]);
    }
}
