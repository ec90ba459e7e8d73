using IngressController.Proxy;

namespace IngressController.Features.Authentication;

/// <summary>Rules that need no authentication (setting no-auth-locations).</summary>
internal static class ExemptPaths
{
    /// <summary>
    /// By the rule's path, as in ingress-nginx, and not the request's: what is open can be read in the Ingress. Asked for each request,
    /// because routes with the same policies may share their steps.
    /// </summary>
    public static bool Hold(ProxyRoute route, EquatableArray<string> exempt)
    {
        foreach (var path in exempt)
        {
            if (route.Definition.PathText.StartsWith(path, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
