using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// Step 2, after the conflicts of a host: adds the routes of canaries to the main routes of the same path and type, in order of age. Several
/// main routes of one path differ in their predicates, and get the canary each.
/// </summary>
internal sealed class CanaryMerge
{
    private readonly string _host;
    private readonly List<Route> _routes;
    private readonly List<Diagnostic> _diagnostics;
    private readonly Dictionary<(PathMatchType, string), HashSet<int>> _byPath = [];
    private readonly HashSet<(int Main, ResourceName Canary)> _reported = [];

    /// <param name="host">The host in lower case.</param>
    /// <param name="routes">The main routes; they get their canaries.</param>
    /// <param name="diagnostics">Receives the problems.</param>
    public CanaryMerge(string host, List<Route> routes, List<Diagnostic> diagnostics)
    {
        _host = host;
        _routes = routes;
        _diagnostics = diagnostics;
        for (var i = 0; i < routes.Count; i++)
        {
            // The path as it is written and as it is matched: the first is that of a regular expression.
            Index(routes[i].Match.Type, routes[i].PathText, i);
            Index(routes[i].Match.Type, routes[i].Match.Value, i);
        }
    }

    /// <summary>Adds the routes of one canary; the older one comes first.</summary>
    /// <returns>The main default route, with its canary.</returns>
    public Route? Add(HostContribution canary, Route? mainDefault)
    {
        foreach (var route in canary.Routes)
        {
            if (Find(route.Match.Type, route) is not { } mains)
            {
                ReportWithoutMain(route);
                continue;
            }

            foreach (var index in mains)
                _routes[index] = Merge(_routes[index], route, index);
        }

        if (canary.Default is not { } last)
            return mainDefault;
        if (mainDefault is null)
            _diagnostics.Add(DiagnosticCatalog.CanaryWithoutMain(last.Origin, "the default backend", _host, otherType: null));
        return mainDefault is null ? null : Merge(mainDefault, last, index: -1);
    }

    private Route Merge(Route main, Route canary, int index)
    {
        // Where either is unavailable, a diagnostic says so already, and the main route decides.
        if (main.Action is not RouteAction.Forward target || canary.Action is not RouteAction.Forward source)
            return main;
        var backend = new CanaryBackend(target.Backend with { Service = source.Backend.Service, Port = source.Backend.Port }, canary.Origin, canary.Policies);
        if (backend.Backend == target.Backend && target.Weights.Count == 0)
        {
            if (_reported.Add((index, canary.Origin.Ingress)))
                _diagnostics.Add(DiagnosticCatalog.CanaryOfItsOwnBackend(canary.Origin, main.Origin));
            return main;
        }

        if (target.Canaries.FirstOrDefault(known => known.Origin.Ingress == canary.Origin.Ingress) is { } first)
        {
            if (first.Backend != backend.Backend)
                _diagnostics.Add(DiagnosticCatalog.RouteConflict(canary.Origin, canary.Match, first.Origin, _host));
            return main;
        }

        ReportWeights(target.Canaries, backend);
        return main with { Action = target with { Canaries = [.. target.Canaries, backend] } };
    }

    private void ReportWeights(EquatableArray<CanaryBackend> older, CanaryBackend canary)
    {
        const double Rounding = 1e-9;
        var others = older.Where(known => known.Rules.Share > 0).ToArray();
        if (others.Length > 0 && canary.Rules.Share > 0 && others.Sum(known => known.Rules.Share) + canary.Rules.Share > 1 + Rounding)
            _diagnostics.Add(DiagnosticCatalog.CanaryWeightsTooGreat(canary.Origin, canary.Policies.FieldOf(CanaryPolicy.WeightAnnotation), others.Select(known => known.Origin.Ingress)));
    }

    private void ReportWithoutMain(Route canary)
    {
        PathMatchType? other = null;
        foreach (var type in (PathMatchType[])[PathMatchType.Exact, PathMatchType.Prefix])
        {
            if (Find(type, canary) is not null)
                other = type;
        }

        var what = $"{canary.Match.Type} {DiagnosticText.Shorten(canary.PathText)}";
        _diagnostics.Add(DiagnosticCatalog.CanaryWithoutMain(canary.Origin, what, _host, other));
    }

    private HashSet<int>? Find(PathMatchType type, Route canary) =>
        _byPath.GetValueOrDefault((type, canary.PathText)) ?? _byPath.GetValueOrDefault((type, canary.Match.Value));

    private void Index(PathMatchType type, string path, int route)
    {
        if (!_byPath.TryGetValue((type, path), out var routes))
            _byPath[(type, path)] = routes = [];
        routes.Add(route);
    }
}
