using IngressController.Routing.Features.BackendProtocols;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.Matching;
using IngressController.Routing.Features.Transforms;
using IngressController.Routing.Features.YarpPolicies;

namespace IngressController.Routing.Features;

/// <summary>All features, in the order in which they are documented.</summary>
public static class RouteFeatures
{
    public static IReadOnlyList<RouteFeature> All { get; } =
    [
        BlockingFeature.Feature,
        MatchingFeature.Feature,
        BackendProtocolFeature.Feature,
        TransformsFeature.Feature,
        YarpPoliciesFeature.Feature,
    ];
}
