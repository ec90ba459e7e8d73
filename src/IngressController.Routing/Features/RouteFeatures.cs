using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Cors;
using IngressController.Routing.Features.Headers;

namespace IngressController.Routing.Features;

/// <summary>All features, in the order in which they are documented.</summary>
public static class RouteFeatures
{
    public static IReadOnlyList<RouteFeature> All { get; } =
    [
        Redirects.RedirectsFeature.Feature,
        Rewriting.RewritingFeature.Feature,
        RateLimiting.RateLimitingFeature.Feature,
        CorsFeature.Feature,
        BodiesFeature.Feature,
        HeadersFeature.Feature,
    ];
}
