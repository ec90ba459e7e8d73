using IngressController.Routing.Values;

namespace IngressController.Pipeline;

/// <summary>Rules that a setting exempts from a policy, by the beginning of their path.</summary>
internal static class ExemptPaths
{
    /// <summary>
    /// True if a route's rule begins with one of the paths. As in ingress-nginx the rule's path decides, not the request's: the Ingress shows
    /// what is exempt. Checked for each request, because routes with the same policies share their steps.
    /// </summary>
    public static bool Contain(EquatableArray<string> exempt, ProxyRoute route)
    {
        foreach (var path in exempt)
        {
            if (route.Definition.PathText.StartsWith(path, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
