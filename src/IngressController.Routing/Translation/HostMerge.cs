using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>Step 2: merges several Ingresses into one host. The oldest wins each conflict, which is reported to the other one.</summary>
internal sealed class HostMerge
{
    private readonly string _host;
    private readonly Dictionary<(PathMatch, RoutePredicates), Route> _winners = [];
    private readonly List<Route> _routes = [];
    private readonly List<Diagnostic> _diagnostics = [];
    private Route? _default;
    private Route? _root;
    private RoutePolicy? _rootPolicy;
    private bool _hasTls;
    private bool _hasMain;

    private HostMerge(string host) => _host = host;

    /// <param name="host">The host in lower case.</param>
    /// <param name="fragments">The Ingresses with rules for it, oldest first.</param>
    public static MergedHost Merge(string host, IReadOnlyList<IngressFragment> fragments)
    {
        var merge = new HostMerge(host);
        foreach (var fragment in fragments.Where(fragment => !fragment.IsCanary))
        {
            if (fragment.ForHost(host) is { } contribution)
                merge.Add(fragment, contribution);
        }

        merge.AddCanaries(fragments.Where(fragment => fragment.IsCanary));
        return merge._hasMain ? merge.Finish() : new MergedHost(null, [.. merge._diagnostics]);
    }

    /// <summary>The backends of the canaries of a host, no duplicates.</summary>
    public static HashSet<BackendId> CanaryBackends(VirtualHost? host) =>
    [
        .. from route in host?.AllRoutes ?? []
           let forward = route.Action as RouteAction.Forward
           where forward is { Canaries.Count: > 0 }
           from canary in forward.Canaries
           select canary.Backend,
    ];

    private void Add(IngressFragment fragment, HostContribution contribution)
    {
        _hasMain = true;
        foreach (var route in contribution.Routes)
        {
            var claim = (route.Match, route.Predicates);
            // Duplicates are no conflict: traffic is the same.
            if (_winners.TryAdd(claim, route))
                _routes.Add(route);
            else if (!IsDuplicate(_winners[claim], route))
                _diagnostics.Add(DiagnosticCatalog.RouteConflict(route.Origin, route.Match, _winners[claim].Origin, _host));
        }

        _default ??= contribution.Default;
        if (contribution.Default is { } loser && _default is { } winner && !IsDuplicate(loser, winner))
            _diagnostics.Add(DiagnosticCatalog.DefaultBackendConflict(loser.Origin, winner.Origin, _host));
        _hasTls |= fragment.HasTls;
        AddRoot(fragment);
    }

    private void AddCanaries(IEnumerable<IngressFragment> canaries)
    {
        CanaryMerge? merge = null;
        foreach (var canary in canaries)
        {
            if (canary.ForHost(_host) is not { } contribution)
                continue;
            merge ??= new CanaryMerge(_host, _routes, _diagnostics);
            _default = merge.Add(contribution, _default);
        }
    }

    private void AddRoot(IngressFragment fragment)
    {
        foreach (var policy in fragment.Policies.All)
        {
            if (policy.RootAction is not var (action, annotation))
                continue;
            _rootPolicy ??= policy;
            _root ??= new Route(new RouteOrigin(fragment.Name, 0, 0), new PathMatch(PathMatchType.Exact, "/"), action) { Policies = fragment.Policies };
            if (_rootPolicy != policy)
                _diagnostics.Add(DiagnosticCatalog.HostPolicyConflict(fragment.Name, fragment.Policies.FieldOf(annotation), annotation, _host, _root.Origin.Ingress));
        }
    }

    private MergedHost Finish()
    {
        // The sorts are stable: equal routes stay in the order of age.
        Route[] routes;
        // The oldest Ingress that asks for it is named, although others may ask for it too.
        if (_routes.Find(route => route.WantsRegex) is { } switcher)
        {
            routes = [.. RegexHost.InOrder(_routes.Select(route => RegexHost.ToPattern(route, _diagnostics)))];
            RegexHost.Report(_host, routes, switcher.Origin.Ingress, _diagnostics);
        }
        else
        {
            routes = [.. _routes.Order(Comparer<Route>.Create(CompareByPrecedence))];
        }

        foreach (var route in _default is null ? routes : routes.Append(_default))
            ReportMissingGroups(route);
        return new MergedHost(new VirtualHost(_host, [.. routes], _default) { HasTls = _hasTls, Root = _root }, [.. _diagnostics]);
    }

    /// <summary>Reports templates with groups that the path does not have: nginx leaves them empty without a word.</summary>
    private void ReportMissingGroups(Route route)
    {
        // A refused expression has a diagnostic of its own, and no groups.
        if (route.Action is RouteAction.Unavailable)
            return;
        foreach (var policy in route.Policies.All)
        {
            if (policy.GroupUse is { } use && use.Group > (route.Pattern?.GroupCount ?? 0))
                _diagnostics.Add(DiagnosticCatalog.PathGroupMissing(route.Origin, route.Policies.FieldOf(use.Annotation), use.Template, use.Group, route.PathText, route.Pattern?.GroupCount));
        }
    }

    private static bool IsDuplicate(Route left, Route right) => left.Action == right.Action && left.Policies.All == right.Policies.All;

    private static int CompareByPrecedence(Route left, Route right)
    {
        var order = CompareByPrecedence(left.Match, right.Match);
        return order != 0 ? order : CompareByPredicates(left, right);
    }

    /// <summary>Orders routes of one path by their order, then the one with more predicates first (as in the Gateway API).</summary>
    public static int CompareByPredicates(Route left, Route right)
    {
        var order = left.Order.CompareTo(right.Order);
        return order != 0 ? order : right.Predicates.Count.CompareTo(left.Predicates.Count);
    }

    private static int CompareByPrecedence(PathMatch left, PathMatch right)
    {
        var order = left.Type.CompareTo(right.Type);
        order = order != 0 ? order : right.Value.Length.CompareTo(left.Value.Length);
        return order != 0 ? order : string.CompareOrdinal(left.Value, right.Value);
    }
}

/// <param name="VirtualHost">The host; null if only canaries have rules for it.</param>
/// <param name="Diagnostics">The conflicts of its Ingresses.</param>
internal sealed record MergedHost(VirtualHost? VirtualHost, EquatableArray<Diagnostic> Diagnostics);
