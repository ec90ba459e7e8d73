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
    /// scheme of its client (RFC 9113, 8.3.1). The authority of an absolute target is the host (RFC 9112, 3.2.2), as the client has written
    /// it: Kestrel takes it from a URI that is normalized.
    /// </summary>
    public static void RestoreOrigin(HttpContext context)
    {
        var request = context.Request;
        if (!request.IsHttps && HttpProtocol.IsHttp2(request.Protocol))
            request.Scheme = "https";
        HostEncoding.Restore(request.Headers);
        if (context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is [not '/', ..] target && AuthorityOf(target) is { IsEmpty: false } authority)
            RestoreHost(request.Headers, authority, isHttps: target.StartsWith("https", StringComparison.OrdinalIgnoreCase));
    }

    public static RequestTarget Of(HttpContext context) => new(OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget));

    private static string OriginForm(string target)
    {
        // RFC 9112, 3.2.2: a server accepts the absolute form; its authority has replaced the Host header.
        if (target.Length == 0 || target[0] == '/')
            return target;
        var authority = AuthorityOf(target);
        // The target is returned unchanged and refused later, because it is not an absolute path.
        if (authority.IsEmpty)
            return target;
        var rest = target.AsSpan(target.IndexOf("://", StringComparison.Ordinal) + 3 + authority.Length);
        return rest.IsEmpty ? "/" : rest[0] == '/' ? rest.ToString() : string.Concat("/", rest);
    }

    /// <summary>
    /// The authority of an absolute target; empty for other forms. Also empty if user info, or a character at which some parsers end a host,
    /// makes the host ambiguous.
    /// </summary>
    private static ReadOnlySpan<char> AuthorityOf(string target)
    {
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0)
            return [];
        var rest = target.AsSpan(scheme + 3);
        var end = rest.IndexOfAny('/', '?');
        var authority = end < 0 ? rest : rest[..end];
        return authority.IndexOfAny('@', '#', '\\') < 0 ? authority : [];
    }

    private static void RestoreHost(IHeaderDictionary headers, ReadOnlySpan<char> authority, bool isHttps)
    {
        var host = WithoutDefaultPort(authority, isHttps);
        if (headers.Host is not [{ } current] || !WithoutDefaultPort(current, isHttps).Equals(host, StringComparison.OrdinalIgnoreCase))
            headers.Host = host.ToString();
    }

    private static ReadOnlySpan<char> WithoutDefaultPort(ReadOnlySpan<char> authority, bool isHttps)
    {
        var port = isHttps ? ":443" : ":80";
        return authority.EndsWith(port, StringComparison.Ordinal) ? authority[..^port.Length] : authority is [.., ':'] ? authority[..^1] : authority;
    }
}
