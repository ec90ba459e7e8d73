using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// A host whose paths are all regular expressions, including Exact ones and those of other Ingresses, because one Ingress asks for it, as
/// in ingress-nginx.
/// </summary>
internal static class RegexHost
{
    /// <summary>Returns a route with its path as a pattern; an invalid pattern is matched literally.</summary>
    public static Route ToPattern(Route route, List<Diagnostic> diagnostics)
    {
        var pattern = route.Pattern;
        if (pattern is null && (pattern = PathPattern.TryCreate(route.PathText, out var problem)) is null)
        {
            diagnostics.Add(DiagnosticCatalog.PathPatternInvalid(route.Origin, route.PathText, problem, closed: null));
            pattern = PathPattern.Literal(route.PathText);
        }

        return route with { Match = new PathMatch(PathMatchType.Regex, pattern.Text), Pattern = pattern };
    }

    /// <summary>Orders routes by the length of the written path, longest first; then by text, greatest first; then by age.</summary>
    public static IEnumerable<Route> InOrder(IEnumerable<Route> routes) =>
        routes.OrderByDescending(route => route.PathText.Length).ThenByDescending(route => route.PathText, StringComparer.Ordinal)
            .ThenBy(route => route, Comparer<Route>.Create(HostMerge.CompareByPredicates));

    /// <summary>Reports to each Ingress whose paths changed their meaning which Ingress caused it.</summary>
    public static void Report(string host, IEnumerable<Route> routes, ResourceName switcher, List<Diagnostic> diagnostics)
    {
        foreach (var route in routes.Where(route => !route.WantsRegex).DistinctBy(route => route.Origin.Ingress))
            diagnostics.Add(DiagnosticCatalog.HostInRegexMode(route.Origin, host, switcher));
    }
}
