
namespace IngressController.Pipeline;

/// <summary>Path prefixes that a setting exempts from a policy.</summary>
internal static class ExemptPaths
{
    /// <summary>
    /// True if the path of the route's rule starts with one of the prefixes. As in ingress-nginx, the path of the rule is compared and not
    /// that of the request, so the Ingress shows what is exempt. Checked per request, because routes with the same policies share their
    /// steps.
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
