using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace IngressController.Http;

/// <summary>
/// Finds names of fields that make a request malformed. HTTP/2 can carry names that would be several fields, or the end of the head, in HTTP/1.1,
/// and fields that belong to a connection of HTTP/1.1 (RFC 9113, 8.2). Kestrel passes both on. HTTP/1.1 names with control characters are
/// refused as in nginx; other invalid ones are not forwarded.
/// </summary>
internal static class FieldNames
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>The problem; null if all names are valid.</summary>
    public static string? Problem(IHeaderDictionary headers, bool isHttp2)
    {
        foreach (var (name, _) in headers)
        {
            if (isHttp2 ? name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token) : name.AsSpan().ContainsAnyExceptInRange('!', '~'))
                return "the request has a field with an invalid name";
        }

        return isHttp2 && (headers.TransferEncoding.Count | headers.KeepAlive.Count | headers[HeaderNames.ProxyConnection].Count | headers.Upgrade.Count) != 0
            ? "the request has a field that HTTP/2 does not have: Transfer-Encoding, Keep-Alive, Proxy-Connection or Upgrade"
            : null;
    }
}
