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

    /// <summary>
    /// Corrects scheme and host where the client does not decide them. HTTP/2 is served over TLS only, but a proxy in front may pass on the
    /// scheme of its client (RFC 9113, 8.3.1). An absolute target of HTTP/1.0 names the host without a Host header.
    /// </summary>
    public static void RestoreOrigin(HttpContext context)
    {
        var request = context.Request;
        if (!request.IsHttps && HttpProtocol.IsHttp2(request.Protocol))
            request.Scheme = "https";
        if (request.Headers.Host.Count == 0
            && context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is [not '/', ..] target
            && Uri.TryCreate(target, UriKind.Absolute, out var uri) && uri.Authority.Length > 0)
        {
            request.Headers.Host = uri.Authority;
        }
    }

    public static RequestTarget Of(HttpContext context) => new(OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget));

    private static string OriginForm(string target)
    {
        // RFC 9112, 3.2.2: a server accepts the absolute form; its authority has replaced the Host header.
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
