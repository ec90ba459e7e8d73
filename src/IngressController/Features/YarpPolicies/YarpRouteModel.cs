using IngressController.Pipeline;
using IngressController.Routing.Features.YarpPolicies;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.YarpPolicies;

/// <summary>
/// Creates YARP's model of a route, for its middlewares. It does not contain host and path: the proxy matches them itself, and YARP would
/// read them as templates.
/// </summary>
internal static class YarpRouteModel
{
    public static RouteModel Of(ProxyRoute route) => new(
        new RouteConfig
        {
            RouteId = route.Definition.Origin.ToString(),
            ClusterId = route.Cluster?.Id.ToString(),
            Match = new RouteMatch(),
            Metadata = route.Definition.Policies.Get<RouteMetadataPolicy>() is { } policy ? new Dictionary<string, string>(policy.Entries) : null,
        },
        route.Cluster?.Current.State, HttpTransformer.Empty);
}
