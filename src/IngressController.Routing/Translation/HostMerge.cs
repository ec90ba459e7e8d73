using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>Step 2: several Ingresses become one host. The oldest wins each conflict; the loser is told who won.</summary>
internal static class HostMerge
{
    /// <param name="host">The host in lower case.</param>
    /// <param name="fragments">The Ingresses that have rules for it, oldest first.</param>
    public static MergedHost Merge(string host, IReadOnlyList<IngressFragment> fragments)
    {
        var winners = new Dictionary<(PathMatch, RoutePredicates), Route>();
        var routes = new List<Route>();
        var diagnostics = new List<Diagnostic>();
        Route? defaultRoute = null;
        foreach (var fragment in fragments)
        {
            if (fragment.ForHost(host) is not { } contribution)
                continue;
            foreach (var route in contribution.Routes)
            {
                var claim = (route.Match, route.Predicates);
                // Two rules that say the same are no conflict that anybody would notice.
                if (winners.TryAdd(claim, route))
                    routes.Add(route);
                else if (!SaysTheSame(winners[claim], route))
                    diagnostics.Add(DiagnosticCatalog.RouteConflict(route, winners[claim], host));
            }

            defaultRoute ??= contribution.Default;
            if (contribution.Default is { } loser && defaultRoute is { } winner && !SaysTheSame(loser, winner))
                diagnostics.Add(DiagnosticCatalog.DefaultBackendConflict(loser, winner, host));
        }

        // A stable sort: what is equal otherwise stays in the order of age.
        var sorted = routes.Order(Comparer<Route>.Create(CompareByPrecedence));
        return new MergedHost(new VirtualHost(host, [.. sorted], defaultRoute), [.. diagnostics]);
    }

    private static bool SaysTheSame(Route left, Route right) => left.Action == right.Action && left.Policies.All == right.Policies.All;

    private static int CompareByPrecedence(Route left, Route right)
    {
        var order = CompareByPrecedence(left.Match, right.Match);
        order = order != 0 ? order : left.Order.CompareTo(right.Order);
        return order != 0 ? order : right.Predicates.Count.CompareTo(left.Predicates.Count);
    }

    private static int CompareByPrecedence(PathMatch left, PathMatch right)
    {
        var order = left.Type.CompareTo(right.Type);
        order = order != 0 ? order : right.Value.Length.CompareTo(left.Value.Length);
        return order != 0 ? order : string.CompareOrdinal(left.Value, right.Value);
    }
}

internal sealed record MergedHost(VirtualHost VirtualHost, EquatableArray<Diagnostic> Diagnostics);
