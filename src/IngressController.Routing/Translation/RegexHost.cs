using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// A host whose paths are regular expressions, because one of its Ingresses asks for that: as in ingress-nginx then all are, those of other
/// Ingresses and Exact ones too.
/// </summary>
internal static class RegexHost
{
    /// <summary>A route with its path as a pattern; one that is no pattern is compared literally.</summary>
    public static Route ToPattern(Route route, List<Diagnostic> diagnostics)
    {
        var pattern = route.Pattern;
        if (pattern is null && (pattern = PathPattern.TryCreate(PathPattern.TextOf(route.PathText), out var problem)) is null)
        {
            diagnostics.Add(DiagnosticCatalog.PathPatternInvalid(route.Origin, route.PathText, problem, closes: false));
            pattern = PathPattern.Literal(route.PathText);
        }

        return route with { Match = new PathMatch(PathMatchType.Regex, pattern.Text), Pattern = pattern };
    }

    /// <summary>The longest path as it is written first; of equal length the greater text, then the older Ingress.</summary>
    public static IEnumerable<Route> InOrder(IEnumerable<Route> routes) =>
        routes.OrderByDescending(route => route.PathText.Length).ThenByDescending(route => route.PathText, StringComparer.Ordinal)
            .ThenBy(route => route, Comparer<Route>.Create(HostMerge.CompareByPredicates));

    /// <summary>Tells each Ingress whose paths changed their meaning who did that.</summary>
    public static void Report(string host, IEnumerable<Route> routes, ResourceName switcher, List<Diagnostic> diagnostics)
    {
        foreach (var route in routes.Where(route => !route.WantsRegex).DistinctBy(route => route.Origin.Ingress))
            diagnostics.Add(DiagnosticCatalog.HostInRegexMode(route.Origin, host, switcher));
    }
}
