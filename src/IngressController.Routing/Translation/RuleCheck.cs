using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>
/// Reports rules that serve nothing or more than they seem to. A rule without paths is valid: the API sends its host to the default backend,
/// which is often not what its author meant.
/// </summary>
internal static class RuleCheck
{
    /// <param name="ingress">The Ingress.</param>
    /// <param name="rules">Its rules.</param>
    /// <param name="hasDefault">True if it has a default backend, which gets the requests without a path.</param>
    /// <param name="hasRoutes">True if a rule yields a route.</param>
    /// <param name="answersByAnnotation">True if an annotation answers the requests of its hosts.</param>
    /// <param name="diagnostics">Receives the problems.</param>
    public static void Report(
        ResourceName ingress, IList<V1IngressRule> rules, bool hasDefault, bool hasRoutes, bool answersByAnnotation, List<Diagnostic> diagnostics)
    {
        if (rules.Count == 0)
        {
            if (!hasDefault)
                diagnostics.Add(DiagnosticCatalog.NothingToRoute(ingress));
            return;
        }

        var isServed = hasDefault || answersByAnnotation;
        if (!hasRoutes && !isServed)
            diagnostics.Add(DiagnosticCatalog.NoRuleRoutes(ingress));
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            if (rule?.Http is { Paths: null or { Count: 0 } })
                diagnostics.Add(DiagnosticCatalog.PathsMissing(ingress, i));
            else if (rule?.Http is null && hasRoutes && !isServed)
                diagnostics.Add(DiagnosticCatalog.RuleWithoutPaths(ingress, i, rule?.Host ?? ""));

            if (HostOfSplitRule(rules, i) is { } host)
                diagnostics.Add(DiagnosticCatalog.RuleSplit(ingress, i, host));
        }
    }

    /// <summary>
    /// The host of the rule beside a rule with paths and no host: <c>- host: a</c> and <c>- http:</c> are two rules, and the paths serve every host.
    /// </summary>
    private static (string Host, int Rule)? HostOfSplitRule(IList<V1IngressRule> rules, int index)
    {
        if (rules[index] is not { Host: null or "", Http.Paths.Count: > 0 })
            return null;
        foreach (var neighbour in (int[])[index - 1, index + 1])
        {
            if (neighbour >= 0 && neighbour < rules.Count && rules[neighbour] is { Host: { Length: > 0 } host, Http: null })
                return (host, neighbour);
        }

        return null;
    }
}
