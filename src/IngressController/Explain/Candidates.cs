using IngressController.Matching;
using IngressController.Views;

namespace IngressController.Explain;

/// <summary>Explains why a host entry was chosen and others were not.</summary>
internal static class HostCandidates
{
    public static IEnumerable<HostEntry> Of(IReadOnlyList<HostCandidate> candidates, RouteEntry? @default, RouteEntry? route)
    {
        var chosen = candidates.FirstOrDefault(candidate => candidate.IsChosen);
        foreach (var candidate in candidates)
            yield return new HostEntry(Name(candidate.Entry), candidate.IsChosen, Reason(candidate, chosen));
        if (@default is null)
            yield break;
        var isChosen = ReferenceEquals(@default, route);
        yield return new HostEntry(
            "(--default-backend-service)", isChosen, isChosen ? "serves requests that nothing else matches" : "only for requests that nothing else matches");
    }

    private static string Name(string entry) => entry.Length == 0 ? "(rules without a host)" : entry;

    private static string Reason(HostCandidate candidate, HostCandidate? chosen) => candidate switch
    {
        { IsAlias: true, Paths: null } => "the name redirects to this host",
        { IsAlias: true } => "the name is an alias of this host",
        { Paths: null, Entry: "" } => "there are none",
        { Paths: null } => "no rule has this host",
        { IsChosen: true, Entry: "" } => "no rule has the host",
        { IsChosen: true, Entry: ['*', ..] } => "no rule has the exact host, and this wildcard matches it",
        { IsChosen: true } => "exact match",
        _ => $"{Name(chosen?.Entry ?? "")} is more specific and takes precedence, even if none of its paths match",
    };
}

/// <summary>Explains why a path was chosen and others were not.</summary>
internal static class PathCandidates
{
    /// <summary>The maximum number of listed paths that do not match: a host can have tens of thousands.</summary>
    private const int MaxMismatches = 50;

    public static (PathEntry[] Paths, int LeftOut) Of(PathTable table, string path, HttpRequest request, RouteEntry? winner)
    {
        var entries = new List<PathEntry>();
        if (table.Root is { } root)
            entries.Add(Entry(root, winner, ReferenceEquals(root, winner) ? "app-root takes precedence over all paths" : "only for exactly /"));
        var mismatches = 0;
        foreach (var route in table.Routes)
        {
            var matches = PathTable.Matches(route, path, request);
            if (!matches && ++mismatches > MaxMismatches)
                continue;
            entries.Add(Entry(route, winner, Reason(route, matches, request, winner)));
        }

        if (table.Default is { } last)
        {
            var isWinner = ReferenceEquals(last, winner);
            entries.Add(Entry(last, winner, isWinner ? "no path matches, so the default backend serves it" : "only for requests that no path matches"));
        }

        return ([.. entries], Math.Max(0, mismatches - MaxMismatches));
    }

    private static PathEntry Entry(RouteEntry route, RouteEntry? winner, string reason)
    {
        var view = RouteView.Of(route);
        return new PathEntry(view.PathType, view.Path, view.Ingress, view.Field, ReferenceEquals(route, winner), reason);
    }

    private static string Reason(RouteEntry route, bool matches, HttpRequest request, RouteEntry? winner)
    {
        if (!route.Accepts(request))
            return "requires a method, headers or query parameters that the request does not have";
        var isExact = route.Definition.Match.Type == PathMatchType.Exact;
        if (route.Definition.Match.Type == PathMatchType.Regex)
        {
            return ReferenceEquals(route, winner) ? "the first pattern that matches; longer patterns are tried first"
                : matches ? "matches, but a longer pattern takes precedence" : "the pattern does not match from the start of the path";
        }

        if (ReferenceEquals(route, winner))
            return isExact ? "exact match" : "the longest match";
        if (!matches)
            return isExact ? "a different path" : "not a prefix of the path, element by element";
        return winner?.Definition.Match.Type == PathMatchType.Exact && !isExact ? "matches, but Exact takes precedence" : "matches, but a longer path takes precedence";
    }
}
