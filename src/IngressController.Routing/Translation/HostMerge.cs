using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>Step 2: several Ingresses become one host. The oldest wins each conflict; the loser is told who won.</summary>
internal sealed class HostMerge
{
    private readonly string _host;
    private readonly Dictionary<PathMatch, Route> _winners = [];
    private readonly List<Diagnostic> _diagnostics = [];
    private Route? _default;
    private Route? _appRoot;
    private bool _hasTls;

    private HostMerge(string host) => _host = host;

    /// <param name="host">The host in lower case.</param>
    /// <param name="fragments">The Ingresses that have rules for it, oldest first.</param>
    public static MergedHost Merge(string host, IReadOnlyList<IngressFragment> fragments)
    {
        var merge = new HostMerge(host);
        foreach (var fragment in fragments)
        {
            if (fragment.ForHost(host) is { } contribution)
                merge.Add(fragment, contribution);
        }

        return merge.Finish();
    }

    private void Add(IngressFragment fragment, HostContribution contribution)
    {
        foreach (var route in contribution.Routes)
        {
            // Two rules that say the same are no conflict that anybody would notice.
            if (!_winners.TryAdd(route.Match, route) && !SaysTheSame(_winners[route.Match], route))
                _diagnostics.Add(DiagnosticCatalog.RouteConflict(route, _winners[route.Match], _host));
        }

        _default ??= contribution.Default;
        if (contribution.Default is { } loser && _default is { } winner && !SaysTheSame(loser, winner))
            _diagnostics.Add(DiagnosticCatalog.DefaultBackendConflict(loser, winner, _host));
        _hasTls |= fragment.HasTls;
        AddAppRoot(fragment);
    }

    private void AddAppRoot(IngressFragment fragment)
    {
        if (fragment.Policies.Get<AppRootPolicy>() is not { } wanted)
            return;
        var action = new RouteAction.Unavailable("sent to the application's root");
        _appRoot ??= new Route(new RouteOrigin(fragment.Name, 0, 0), new PathMatch(PathMatchType.Exact, "/"), action) { Policies = fragment.Policies };
        if (_appRoot.Policies.Get<AppRootPolicy>() != wanted)
            _diagnostics.Add(DiagnosticCatalog.HostPolicyConflict(fragment.Name, "metadata.annotations[app-root]", "app-root", _host, _appRoot.Origin.Ingress));
    }

    private MergedHost Finish()
    {
        Route[] routes;
        // The oldest Ingress that asks for it is named; without it the next would switch the host just the same.
        if (_winners.Values.FirstOrDefault(route => route.WantsRegex) is { } switcher)
        {
            routes = [.. RegexHost.InOrder(_winners.Values.Select(route => RegexHost.ToPattern(route, _diagnostics)))];
            RegexHost.Tell(_host, routes, switcher.Origin.Ingress, _diagnostics);
        }
        else
        {
            routes = [.. _winners.Values];
            Array.Sort(routes, (left, right) => CompareByPrecedence(left.Match, right.Match));
        }

        return new MergedHost(new VirtualHost(_host, [.. routes], _default) { HasTls = _hasTls, AppRoot = _appRoot }, [.. _diagnostics]);
    }

    private static bool SaysTheSame(Route left, Route right) => left.Action == right.Action && left.Policies.All == right.Policies.All;

    private static int CompareByPrecedence(PathMatch left, PathMatch right)
    {
        var order = left.Type.CompareTo(right.Type);
        order = order != 0 ? order : right.Value.Length.CompareTo(left.Value.Length);
        return order != 0 ? order : string.CompareOrdinal(left.Value, right.Value);
    }
}

internal sealed record MergedHost(VirtualHost VirtualHost, EquatableArray<Diagnostic> Diagnostics);
