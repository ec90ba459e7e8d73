using System.Buffers;
using IngressController.Features.Rewriting;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Proxy;

/// <summary>The request target as it was received, taken apart without decoding anything.</summary>
internal static class RequestTarget
{
    /// <summary>Visible ASCII but for #, which ends a query; what else a query holds (RFC 3986, 3.4 allows less) passes as it is.</summary>
    private static readonly SearchValues<char> QueryCharacters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code).Where(c => c != '#')]);

    /// <summary>
    /// Whether the query can stand in a request line. HTTP/2 delimits it otherwise, so there it may hold what would end the target,
    /// or the line, of HTTP/1.1.
    /// </summary>
    public static bool IsQuerySafe(ReadOnlySpan<char> query) => !query.ContainsAnyExcept(QueryCharacters);

    /// <summary>Splits the target into path and query (with its question mark); an absolute form loses scheme and authority.</summary>
    public static ReadOnlySpan<char> Split(HttpContext context, out ReadOnlySpan<char> query)
    {
        var target = OriginForm(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var mark = target.IndexOf('?');
        query = mark < 0 ? default : target[mark..];
        return mark < 0 ? target : target[..mark];
    }

    /// <summary>Path and query for the backend: byte for byte as received, but for dot segments.</summary>
    public static string ForBackend(HttpContext context, string destination)
    {
        var path = Split(context, out var query);
        if (context.GetEndpoint() is ProxyRoute { Plan.Rewrites: true } && context.Features.Get<RewrittenPath>() is { } rewritten)
            return string.Concat(destination, rewritten.Path, query);
        var forward = RequestPath.Normalize(path).Forward;
        return string.Concat(destination, forward ?? path, query);
    }

    private static ReadOnlySpan<char> OriginForm(ReadOnlySpan<char> target)
    {
        // RFC 9112, 3.2.2: a server accepts the absolute form; Kestrel has compared its authority with the Host header.
        if (target.Length == 0 || target[0] == '/')
            return target;
        var scheme = target.IndexOf("://");
        if (scheme <= 0)
            return target;
        var rest = target[(scheme + 3)..];
        var path = rest.IndexOfAny('/', '?');
        // User names before the host, and what some parsers end a host at: such an authority names two hosts. Left whole, it is
        // refused as no absolute path.
        if ((path < 0 ? rest : rest[..path]).IndexOfAny('@', '#', '\\') >= 0)
            return target;
        return path < 0 ? "/" : rest[path] == '/' ? rest[path..] : string.Concat("/", rest[path..]);
    }
}
