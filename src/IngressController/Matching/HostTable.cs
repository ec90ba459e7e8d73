using IngressController.Http;

namespace IngressController.Matching;

/// <summary>
/// The hosts of one revision, compared in this order: exact host or alias, wildcard host (one label), wildcard or pattern alias, rules
/// without a host. A path that the matching host does not serve does not fall through to a less specific host. Immutable.
/// </summary>
internal sealed class HostTable
{
    public static HostTable Empty { get; } = new(new(StringComparer.OrdinalIgnoreCase), new(StringComparer.OrdinalIgnoreCase), null, null, HostAliases.None);

    private readonly Dictionary<string, PathTable> _exact;
    private readonly Dictionary<string, PathTable> _wildcards;
    private readonly Dictionary<string, PathTable>.AlternateLookup<ReadOnlySpan<char>> _exactLookup;
    private readonly Dictionary<string, PathTable>.AlternateLookup<ReadOnlySpan<char>> _wildcardLookup;
    private readonly PathTable? _anyHost;
    private readonly RouteEntry? _default;

    private HostTable(
        Dictionary<string, PathTable> exact, Dictionary<string, PathTable> wildcards, PathTable? anyHost, RouteEntry? defaultRoute, HostAliases aliases)
    {
        Aliases = aliases;
        _exact = exact;
        _wildcards = wildcards;
        _anyHost = anyHost;
        _default = defaultRoute;
        _exactLookup = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _wildcardLookup = wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The hosts with their paths. Wildcard hosts have their asterisk; the empty host stands for rules without a host.</summary>
    public IEnumerable<KeyValuePair<string, PathTable>> Hosts =>
        _exact.Concat(_wildcards.Select(host => KeyValuePair.Create($"*{host.Key}", host.Value)))
            .Concat(_anyHost is null ? [] : [KeyValuePair.Create("", _anyHost)]);

    public HostAliases Aliases { get; }

    /// <summary>The route of the operator's default backend; null if there is none.</summary>
    public RouteEntry? Default => _default;

    /// <summary>The route of a request; null if none matches.</summary>
    /// <param name="host">The Host header as received: any case, with or without port and trailing dot.</param>
    /// <param name="path">The normalized path.</param>
    /// <param name="request">The request, for predicates; without it, only routes without predicates match.</param>
    public RouteEntry? Find(ReadOnlySpan<char> host, ReadOnlySpan<char> path, HttpRequest? request = null) =>
        Find(FindHost(host), path, request);

    /// <summary>The route of a request for a host that <see cref="FindHost"/> returned.</summary>
    public RouteEntry? Find(HostMatch host, ReadOnlySpan<char> path, HttpRequest? request) =>
        host.Alias?.Redirect ?? host.Paths?.Find(path, request) ?? _default;

    /// <summary>
    /// The entry that serves a name: the one look-up by which requests are routed, redirected to https, given a certificate and explained.
    /// </summary>
    /// <param name="host">The Host header or server name as received: any case, with or without port and trailing dot.</param>
    public HostMatch FindHost(ReadOnlySpan<char> host)
    {
        var name = HostHeader.NameOf(host);
        if (_exactLookup.TryGetValue(name, out var paths))
            return new(paths, null);
        return FindAlias(name) is { } alias ? new(Serving(alias.Target), alias) : new(FindWildcard(name) ?? _anyHost, null);
    }

    /// <summary>True if an Ingress names the host, as a host or an alias; false if rules without a host or none serve it.</summary>
    public bool IsNamed(HostMatch match) => match.Alias is not null || (match.Paths is { } paths && !ReferenceEquals(paths, _anyHost));

    /// <summary>True if the host, or the wildcard host above it, has <c>spec.tls</c>, so that http can be redirected to https.</summary>
    /// <param name="host">The host as received.</param>
    /// <param name="match">Its entry. An alias is redirected like its host.</param>
    public bool HasTls(ReadOnlySpan<char> host, HostMatch match)
    {
        if (match.Paths is not { } paths || ReferenceEquals(paths, _anyHost))
            return false;
        return paths.HasTls || FindWildcard(HostHeader.NameOf(host)) is { HasTls: true } || (match.Alias is { } alias && FindWildcard(alias.Target) is { HasTls: true });
    }

    /// <summary>The entries that could serve a host, most specific first; the first that exists is used. For <c>explain</c>.</summary>
    public IReadOnlyList<HostCandidate> Candidates(string host)
    {
        var name = HostHeader.NameOf(host);
        var chosen = FindHost(host);
        var candidates = new List<HostCandidate> { Candidate(name.ToString().ToLowerInvariant(), _exact.GetValueOrDefault(name.ToString())) };
        if (name.IndexOf('.') is > 0 and var dot)
            candidates.Add(Candidate($"*{name[dot..]}".ToLowerInvariant(), _wildcards.GetValueOrDefault(name[dot..].ToString())));
        candidates.Add(Candidate("", _anyHost));
        if (chosen.Alias is { } alias)
            candidates.Insert(1, new HostCandidate(alias.Target, alias.Redirect is null ? chosen.Paths : null, IsChosen: true) { IsAlias = true });
        return candidates;

        HostCandidate Candidate(string entry, PathTable? paths) => new(entry, paths, paths is not null && chosen.Alias is null && ReferenceEquals(paths, chosen.Paths));
    }

    /// <summary>Returns a copy with some hosts changed. A host with null paths is removed.</summary>
    public HostTable With(IReadOnlyCollection<KeyValuePair<string, PathTable?>> hosts, RouteEntry? defaultRoute, HostAliases aliases)
    {
        var exact = hosts.Any(host => host.Key.Length > 0 && host.Key[0] != '*') ? new(_exact, StringComparer.OrdinalIgnoreCase) : _exact;
        var wildcards = hosts.Any(host => host.Key.StartsWith('*')) ? new(_wildcards, StringComparer.OrdinalIgnoreCase) : _wildcards;
        var anyHost = _anyHost;
        foreach (var (host, paths) in hosts)
        {
            if (host.Length == 0)
                anyHost = paths;
            else if (host[0] == '*')
                Set(wildcards, host[1..], paths);
            else
                Set(exact, host, paths);
        }

        return new HostTable(exact, wildcards, anyHost, defaultRoute, aliases);
    }

    private static void Set(Dictionary<string, PathTable> table, string key, PathTable? paths)
    {
        if (paths is null)
            table.Remove(key);
        else
            table[key] = paths;
    }

    /// <summary>
    /// The alias of a name that is not a host. As in nginx, a wildcard host takes precedence over wildcard and pattern aliases: otherwise
    /// one Ingress could take names below another Ingress's wildcard with a pattern.
    /// </summary>
    private HostAliases.Entry? FindAlias(ReadOnlySpan<char> name) =>
        Aliases.FindExact(name) ?? (FindWildcard(name) is null ? Aliases.FindPattern(name) : null);

    private PathTable? Serving(ReadOnlySpan<char> host) =>
        _exactLookup.TryGetValue(host, out var exact) ? exact : FindWildcard(host) ?? _anyHost;

    private PathTable? FindWildcard(ReadOnlySpan<char> host) =>
        _wildcards.Count > 0 && host.IndexOf('.') is > 0 and var dot && _wildcardLookup.TryGetValue(host[dot..], out var wildcard) ? wildcard : null;
}

/// <summary>The entry of the host table that serves a name.</summary>
/// <param name="Paths">The paths of the host; null if there is none, not even for rules without a host.</param>
/// <param name="Alias">The alias that the name matched; null if it is the host itself.</param>
internal readonly record struct HostMatch(PathTable? Paths, HostAliases.Entry? Alias);

/// <summary>An entry of the host table that could serve a request.</summary>
/// <param name="Entry">The host, as in <see cref="HostTable.Hosts"/>.</param>
/// <param name="Paths">Its paths; null if the table has no such entry.</param>
/// <param name="IsChosen">True if it serves the request.</param>
internal sealed record HostCandidate(string Entry, PathTable? Paths, bool IsChosen)
{
    /// <summary>True if the name is an alias of the entry.</summary>
    public bool IsAlias { get; init; }
}
