using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Routing.Features;

/// <summary>All features, in the order in which they are documented.</summary>
public static class RouteFeatures
{
    public static IReadOnlyList<RouteFeature> All { get; } =
    [
        IpAccessFeature.Feature,
        BasicAuthFeature.Feature,
        ExternalAuthFeature.Feature,
        SatisfyFeature.Feature,
    ];
}
