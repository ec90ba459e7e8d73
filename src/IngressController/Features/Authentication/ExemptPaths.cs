using IngressController.Proxy;
using IngressController.Routing.Table;

namespace IngressController.Features.Authentication;

/// <summary>Rules that need no authentication (setting no-auth-locations).</summary>
internal static class ExemptPaths
{
    /// <summary>By the rule's path, as in ingress-nginx, and not the request's: what is open can be read in the Ingress.</summary>
    public static bool Hold(StepContext context, EquatableArray<string> exempt)
    {
        foreach (var path in exempt)
        {
            if (context.Definition.PathText.StartsWith(path, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
