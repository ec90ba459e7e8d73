using IngressController.Routing.Features.Blocking;

namespace IngressController.Routing.Features;

/// <summary>All features, in the order in which they are documented.</summary>
public static class RouteFeatures
{
    public static IReadOnlyList<RouteFeature> All { get; } =
    [
        BlockingFeature.Feature,
    ];
}
