using System.Diagnostics;
using System.Text.RegularExpressions;
using IngressController.Routing.Table;
using IngressController.Routing.Values;

namespace IngressController.Matching;

/// <summary>
/// The paths of one host: Exact before Prefix, then the longest Prefix by whole elements. One hash look-up per element boundary at
/// which a rule of that length ends, so neither a hostile path nor a rule of thousands of elements makes the host slow. Immutable.
/// </summary>
internal sealed class PathTable
{
    /// <summary>How long all patterns of a host may take together for one request.</summary>
    private static readonly TimeSpan PatternsLimit = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, Entry> _entries;
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly bool[] _hasPrefixOfLength;
    private readonly (PathPattern Pattern, RouteEntry Route)[]? _patterns;
    private readonly RouteEntry? _root;
    private readonly RouteEntry? _default;

    /// <summary>By the first route of a path, those that are tried after it. Null when no route of the host looks at more than host and path.</summary>
    private readonly Dictionary<RouteEntry, RouteEntry[]>? _others;

    /// <param name="routes">The routes in the order in which they are tried; no two with the same match and predicates.</param>
    /// <param name="defaultRoute">What gets the paths that no route matches.</param>
    public PathTable(IReadOnlyCollection<RouteEntry> routes, RouteEntry? defaultRoute)
    {
        _default = defaultRoute;
        Routes = routes;
        if (routes.Any(route => route.Definition.Match.Type == PathMatchType.Regex))
            _patterns = [.. routes.Select(route => (route.Definition.Pattern!, route))];
        _entries = new Dictionary<string, Entry>(routes.Count, StringComparer.Ordinal);
        if (routes.Any(route => route.HasPredicates) || defaultRoute is { HasPredicates: true })
        {
            _others = routes.GroupBy(route => route.Definition.Match).ToDictionary(group => group.First(), group => group.Skip(1).ToArray());
            routes = [.. _others.Keys];
        }

        foreach (var route in _patterns is null ? routes : [])
        {
            var match = route.Definition.Match;
            var entry = _entries.GetValueOrDefault(match.Value);
            if (match.Type == PathMatchType.Exact)
            {
                _entries[match.Value] = entry with { Exact = route };
            }
            else
            {
                _entries[match.Value] = entry with { Prefix = route };
                if (match.Value == "/")
                    _root = route;
            }
        }

        var prefixes = _entries.Where(entry => entry.Value.Prefix is not null).Select(entry => entry.Key.Length).ToArray();
        _hasPrefixOfLength = new bool[prefixes.DefaultIfEmpty().Max() + 1];
        foreach (var length in prefixes)
            _hasPrefixOfLength[length] = true;
        _lookup = _entries.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IReadOnlyCollection<RouteEntry> Routes { get; }

    public RouteEntry? Default => _default;

    /// <summary>What answers for exactly / before all routes; null where the host has no root of its application.</summary>
    public RouteEntry? Root { get; init; }

    /// <summary>Whether an Ingress of the host has <c>spec.tls</c>.</summary>
    public bool HasTls { get; init; }

    /// <summary>The route of a normalized path; null when none matches and the host has no default.</summary>
    /// <param name="path">The path.</param>
    /// <param name="request">What routes may look at besides; without it, only those that take all requests are found.</param>
    /// <exception cref="RegexMatchTimeoutException">A pattern took too long.</exception>
    public RouteEntry? Find(ReadOnlySpan<char> path, HttpRequest? request = null)
    {
        if (Root is not null && path is "/")
            return Root;
        if (_patterns is not null)
            return FindPattern(path, request) ?? Choose(_default, request);
        if (_lookup.TryGetValue(path, out var whole) && Choose(whole.Exact, request) is { } exact)
            return exact;

        // "/foo/" is "/foo" to a Prefix: the empty last element does not count.
        var candidate = path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
        if (candidate.Length >= _hasPrefixOfLength.Length)
            candidate = ElementBoundaryAtMost(path, _hasPrefixOfLength.Length - 1);
        while (candidate.Length > 1)
        {
            if (_hasPrefixOfLength[candidate.Length] && _lookup.TryGetValue(candidate, out var entry) && Choose(entry.Prefix, request) is { } prefix)
                return prefix;
            candidate = candidate[..Math.Max(candidate.LastIndexOf('/'), 0)];
        }

        return Choose(_root, request) ?? Choose(_default, request);
    }

    /// <summary>Of the routes of one path, the first that takes the request.</summary>
    private RouteEntry? Choose(RouteEntry? first, HttpRequest? request) => _others is null || first is null ? first : ChooseAmong(first, request);

    private RouteEntry? ChooseAmong(RouteEntry first, HttpRequest? request)
    {
        if (first.Accepts(request))
            return first;
        foreach (var other in _others!.GetValueOrDefault(first, []))
        {
            if (other.Accepts(request))
                return other;
        }

        return null;
    }

    /// <summary>Whether a route would match a path if it were alone. For <c>explain</c>: it costs a table.</summary>
    public static bool Matches(RouteEntry route, ReadOnlySpan<char> path, HttpRequest request) => new PathTable([route], null).Find(path, request) is not null;

    private RouteEntry? FindPattern(ReadOnlySpan<char> path, HttpRequest? request)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var (pattern, route) in _patterns!)
        {
            if (route.Accepts(request) && pattern.MatchesStartOf(path))
                return route;
            // A thousand patterns that each stay just below their own limit would keep a core busy for twenty seconds.
            if (Stopwatch.GetElapsedTime(start) > PatternsLimit)
                throw new RegexMatchTimeoutException(path.ToString(), pattern.Text, PatternsLimit);
        }

        return null;
    }

    /// <summary>The longest prefix of whole elements that is not longer than <paramref name="length"/>.</summary>
    private static ReadOnlySpan<char> ElementBoundaryAtMost(ReadOnlySpan<char> path, int length) =>
        path[length] == '/' ? path[..length] : path[..Math.Max(path[..length].LastIndexOf('/'), 0)];

    private readonly record struct Entry(RouteEntry? Exact, RouteEntry? Prefix);
}
