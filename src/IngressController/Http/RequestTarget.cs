using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Http;

/// <summary>The request target as received, split into path and query without decoding.</summary>
internal readonly struct RequestTarget
{
    /// <summary>
    /// Visible ASCII except #, which ends a query. Includes characters that RFC 3986, 3.4 does not permit; they pass unchanged.
    /// </summary>
    private static readonly SearchValues<char> QueryCharacters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code).Where(c => c != '#')]);

    private readonly int _pathLength;

    private RequestTarget(string pathAndQuery)
    {
        PathAndQuery = pathAndQuery;
        var mark = pathAndQuery.IndexOf('?');
        _pathLength = mark < 0 ? pathAndQuery.Length : mark;
    }

    /// <summary>The target in origin form. Scheme and authority of an absolute form are removed.</summary>
    public string PathAndQuery { get; }

    public ReadOnlySpan<char> Path => PathAndQuery.AsSpan(0, _pathLength);

    /// <summary>The query with its question mark; empty if there is none.</summary>
    public ReadOnlySpan<char> Query => PathAndQuery.AsSpan(_pathLength);

    /// <summary>
    /// True if the query is safe in an HTTP/1.1 request line. In HTTP/2, which has other delimiters, it can hold characters that end the
    /// target or the line in HTTP/1.1.
    /// </summary>
    public bool HasSafeQuery => !Query.ContainsAnyExcept(QueryCharacters);

    public static RequestTarget Of(HttpContext context) => new(OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget));

    private static string OriginForm(string target)
    {
        // RFC 9112, 3.2.2: a server accepts the absolute form; Kestrel has compared its authority with the Host header.
        if (target.Length == 0 || target[0] == '/')
            return target;
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
            return target;
        var rest = target.AsSpan(scheme + 3);
        var path = rest.IndexOfAny('/', '?');
        // User info, and characters at which some parsers end a host, make the host ambiguous. The target is returned unchanged and refused
        // later, because it is not an absolute path.
        if ((path < 0 ? rest : rest[..path]).IndexOfAny('@', '#', '\\') >= 0)
            return target;
        return path < 0 ? "/" : rest[path] == '/' ? rest[path..].ToString() : string.Concat("/", rest[path..]);
    }
}
