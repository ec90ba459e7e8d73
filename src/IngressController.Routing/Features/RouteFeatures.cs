using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.BackendProtocols;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Cors;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Features.Matching;
using IngressController.Routing.Features.Transforms;
using IngressController.Routing.Features.YarpPolicies;

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
        BlockingFeature.Feature,
        MatchingFeature.Feature,
        BackendProtocolFeature.Feature,
        TransformsFeature.Feature,
        YarpPoliciesFeature.Feature,
        IpAccessFeature.Feature,
        BasicAuthFeature.Feature,
        ExternalAuthFeature.Feature,
        SatisfyFeature.Feature,
    ];
}
