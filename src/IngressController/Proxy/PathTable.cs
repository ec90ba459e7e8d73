using System.Text.RegularExpressions;
using IngressController.Routing.Table;

namespace IngressController.Proxy;

/// <summary>
/// The paths of one host: Exact before Prefix, then the longest Prefix by whole elements. One hash look-up per element boundary at
/// which a rule of that length ends, so neither a hostile path nor a rule of thousands of elements makes the host slow. Immutable.
/// </summary>
internal sealed class PathTable
{
    private readonly Dictionary<string, Entry> _entries;
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly bool[] _hasPrefixOfLength;
    private readonly (PathPattern Pattern, ProxyRoute Route)[]? _patterns;
    private readonly ProxyRoute? _root;
    private readonly ProxyRoute? _default;

    /// <param name="routes">The routes, no two with the same match; regular expressions in the order in which they are tried.</param>
    /// <param name="defaultRoute">What gets the paths that no route matches.</param>
    public PathTable(IReadOnlyCollection<ProxyRoute> routes, ProxyRoute? defaultRoute)
    {
        _default = defaultRoute;
        Routes = routes;
        if (routes.Any(route => route.Definition.Match.Type == PathMatchType.Regex))
            _patterns = [.. routes.Select(route => (route.Definition.Pattern!, route))];
        _entries = new Dictionary<string, Entry>(routes.Count, StringComparer.Ordinal);
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

    public IReadOnlyCollection<ProxyRoute> Routes { get; }

    public ProxyRoute? Default => _default;

    /// <summary>What answers for exactly / before all routes; null where the host has no root of its application.</summary>
    public ProxyRoute? AppRoot { get; init; }

    /// <summary>Whether an Ingress of the host has <c>spec.tls</c>.</summary>
    public bool HasTls { get; init; }

    /// <summary>The route of a normalized path; null when none matches and the host has no default.</summary>
    /// <exception cref="RegexMatchTimeoutException">A pattern that backtracks took too long.</exception>
    public ProxyRoute? Find(ReadOnlySpan<char> path)
    {
        if (AppRoot is not null && path is "/")
            return AppRoot;
        if (_patterns is not null)
            return FindPattern(path) ?? _default;
        if (_lookup.TryGetValue(path, out var whole) && whole.Exact is { } exact)
            return exact;

        // "/foo/" is "/foo" to a Prefix: the empty last element does not count.
        var candidate = path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
        if (candidate.Length >= _hasPrefixOfLength.Length)
            candidate = ElementBoundaryAtMost(path, _hasPrefixOfLength.Length - 1);
        while (candidate.Length > 1)
        {
            if (_hasPrefixOfLength[candidate.Length] && _lookup.TryGetValue(candidate, out var entry) && entry.Prefix is { } prefix)
                return prefix;
            candidate = candidate[..Math.Max(candidate.LastIndexOf('/'), 0)];
        }

        return _root ?? _default;
    }

    /// <summary>Whether a route would match a path if it were alone. For <c>explain</c>: it costs a table.</summary>
    public static bool Matches(ProxyRoute route, ReadOnlySpan<char> path) => new PathTable([route], null).Find(path) is not null;

    private ProxyRoute? FindPattern(ReadOnlySpan<char> path)
    {
        foreach (var (pattern, route) in _patterns!)
        {
            if (pattern.MatchesStartOf(path))
                return route;
        }

        return null;
    }

    /// <summary>The longest prefix of whole elements that is not longer than <paramref name="length"/>.</summary>
    private static ReadOnlySpan<char> ElementBoundaryAtMost(ReadOnlySpan<char> path, int length) =>
        path[length] == '/' ? path[..length] : path[..Math.Max(path[..length].LastIndexOf('/'), 0)];

    private readonly record struct Entry(ProxyRoute? Exact, ProxyRoute? Prefix);
}
