using System.Security.Cryptography;
using System.Text;

namespace IngressController.Http;

/// <summary>
/// Reads a Host header or <c>:authority</c> as Latin-1. Kestrel refuses an empty port (<c>Host: example.com:</c>), which RFC 3986, 3.2.3
/// permits, and takes an empty <c>:authority</c> for none, which RFC 9113, 8.3.1 forbids. So both get a mark that Kestrel accepts, until the
/// pipeline restores them.
/// </summary>
internal sealed class HostEncoding : Encoding
{
    /// <summary>Replaces an empty port. Random, so that no client can send it.</summary>
    private static readonly string Mark = $":{RandomNumberGenerator.GetString("0123456789", 40)}";

    /// <summary>Replaces an empty value; restored, it is not a valid host either.</summary>
    private static readonly string EmptyMark = $"~{Mark}";

    public static HostEncoding Instance { get; } = new();

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

    public override int GetCharCount(byte[] bytes, int index, int count) => count switch
    {
        0 => EmptyMark.Length,
        _ when bytes[index + count - 1] == ':' => count - 1 + Mark.Length,
        _ => count,
    };

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var mark = byteCount == 0 ? EmptyMark : bytes[byteIndex + byteCount - 1] == ':' ? Mark : "";
        var length = Latin1.GetChars(bytes, byteIndex, mark == Mark ? byteCount - 1 : byteCount, chars, charIndex);
        mark.CopyTo(chars.AsSpan(charIndex + length));
        return length + mark.Length;
    }

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount + EmptyMark.Length;
}
