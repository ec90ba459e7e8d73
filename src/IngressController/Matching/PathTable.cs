using System.Diagnostics;
using System.Text.RegularExpressions;

namespace IngressController.Matching;

/// <summary>
/// The paths of one host: Exact takes precedence over Prefix, then the longest Prefix by whole elements. Costs one hash lookup per element
/// boundary at which a rule of that length ends, so neither hostile paths nor rules of thousands of elements are slow. Immutable.
/// </summary>
internal sealed class PathTable
{
    /// <summary>The time limit for all patterns of a host together, per request.</summary>
    private static readonly TimeSpan PatternsLimit = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, Entry> _entries;
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly bool[] _hasPrefixOfLength;
    private readonly (PathPattern Pattern, RouteEntry Route)[]? _patterns;
    private readonly RouteEntry? _root;
    private readonly RouteEntry? _default;

    /// <summary>The further routes of a path, by its first route. Null if no route of the host has predicates.</summary>
    private readonly Dictionary<RouteEntry, RouteEntry[]>? _alternatives;

    /// <param name="routes">The routes in order of precedence; no two have the same match and predicates.</param>
    /// <param name="defaultRoute">The route of paths that no other route matches; null if there is none.</param>
    public PathTable(IReadOnlyCollection<RouteEntry> routes, RouteEntry? defaultRoute)
    {
        _default = defaultRoute;
        Routes = routes;
        if (routes.Any(route => route.Definition.Match.Type == PathMatchType.Regex))
            _patterns = [.. routes.Select(route => (route.Definition.Pattern!, route))];
        _entries = new Dictionary<string, Entry>(routes.Count, StringComparer.Ordinal);
        if (routes.Any(route => route.HasPredicates) || defaultRoute is { HasPredicates: true })
        {
            _alternatives = routes.GroupBy(route => route.Definition.Match).ToDictionary(group => group.First(), group => group.Skip(1).ToArray());
            routes = [.. _alternatives.Keys];
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

    /// <summary>The route of the exact path /, which takes precedence over all others; null if the host has no app-root.</summary>
    public RouteEntry? Root { get; init; }

    /// <summary>True if an Ingress of the host has <c>spec.tls</c>.</summary>
    public bool HasTls { get; init; }

    /// <summary>The route of a normalized path; null if none matches and the host has no default.</summary>
    /// <param name="path">The path.</param>
    /// <param name="request">The request, for predicates; without it, only routes without predicates match.</param>
    /// <exception cref="RegexMatchTimeoutException">A pattern timed out.</exception>
    public RouteEntry? Find(ReadOnlySpan<char> path, HttpRequest? request = null)
    {
        if (Root is not null && path is "/")
            return Root;
        if (_patterns is not null)
            return FindPattern(path, request) ?? Choose(_default, request);
        if (_lookup.TryGetValue(path, out var whole) && Choose(whole.Exact, request) is { } exact)
            return exact;

        // A Prefix treats "/foo/" as "/foo": the empty last element is ignored.
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

    /// <summary>The first route of a path whose predicates match the request.</summary>
    private RouteEntry? Choose(RouteEntry? first, HttpRequest? request) => _alternatives is null || first is null ? first : ChooseAmong(first, request);

    private RouteEntry? ChooseAmong(RouteEntry first, HttpRequest? request)
    {
        if (first.Accepts(request))
            return first;
        foreach (var alternative in _alternatives!.GetValueOrDefault(first, []))
        {
            if (alternative.Accepts(request))
                return alternative;
        }

        return null;
    }

    /// <summary>True if a route matches a path when it is the only one. For <c>explain</c>: each call builds a table.</summary>
    public static bool Matches(RouteEntry route, ReadOnlySpan<char> path, HttpRequest request) => new PathTable([route], null).Find(path, request) is not null;

    private RouteEntry? FindPattern(ReadOnlySpan<char> path, HttpRequest? request)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var (pattern, route) in _patterns!)
        {
            if (route.Accepts(request) && pattern.MatchesStartOf(path))
                return route;
            // A thousand patterns, each just below its own limit, would occupy a core for twenty seconds.
            if (Stopwatch.GetElapsedTime(start) > PatternsLimit)
                throw new RegexMatchTimeoutException(path.ToString(), pattern.Text, PatternsLimit);
        }

        return null;
    }

    /// <summary>The longest prefix of whole elements with at most <paramref name="length"/> characters.</summary>
    private static ReadOnlySpan<char> ElementBoundaryAtMost(ReadOnlySpan<char> path, int length) =>
        path[length] == '/' ? path[..length] : path[..Math.Max(path[..length].LastIndexOf('/'), 0)];

    private readonly record struct Entry(RouteEntry? Exact, RouteEntry? Prefix);
}
