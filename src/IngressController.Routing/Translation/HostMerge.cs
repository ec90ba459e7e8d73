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
        var winners = new Dictionary<PathMatch, Route>();
        var diagnostics = new List<Diagnostic>();
        Route? defaultRoute = null;
        foreach (var fragment in fragments)
        {
            if (fragment.ForHost(host) is not { } contribution)
                continue;
            foreach (var route in contribution.Routes)
            {
                // Two rules that say the same are no conflict that anybody would notice.
                if (!winners.TryAdd(route.Match, route) && !SaysTheSame(winners[route.Match], route))
                    diagnostics.Add(DiagnosticCatalog.RouteConflict(route, winners[route.Match], host));
            }

            defaultRoute ??= contribution.Default;
            if (contribution.Default is { } loser && defaultRoute is { } winner && !SaysTheSame(loser, winner))
                diagnostics.Add(DiagnosticCatalog.DefaultBackendConflict(loser, winner, host));
        }

        var routes = winners.Values.ToArray();
        Array.Sort(routes, (left, right) => CompareByPrecedence(left.Match, right.Match));
        return new MergedHost(new VirtualHost(host, [.. routes], defaultRoute), [.. diagnostics]);
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
