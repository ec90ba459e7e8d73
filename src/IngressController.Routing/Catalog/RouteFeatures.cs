using IngressController.Routing.Features;
using IngressController.Routing.Features.ApiKeys;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.BackendProtocols;
using IngressController.Routing.Features.BackendTls;
using IngressController.Routing.Features.BackendWeights;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Canary;
using IngressController.Routing.Features.Compression;
using IngressController.Routing.Features.Cors;
using IngressController.Routing.Features.ErrorPages;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Features.LoadBalancing;
using IngressController.Routing.Features.Matching;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Features.Retries;
using IngressController.Routing.Features.Rewriting;
using IngressController.Routing.Features.ServiceUpstream;
using IngressController.Routing.Features.SessionAffinity;
using IngressController.Routing.Features.Timeouts;
using IngressController.Routing.Features.Transforms;
using IngressController.Routing.Features.YarpPolicies;

namespace IngressController.Routing.Catalog;

/// <summary>The list of all features: the only place that names one outside its folder.</summary>
public static class RouteFeatures
{
    /// <summary>In the order in which they are read and documented.</summary>
    public static IReadOnlyList<RouteFeature> All { get; } =
    [
        RedirectsFeature.Feature,
        RewritingFeature.Feature,
        RateLimitingFeature.Feature,
        CorsFeature.Feature,
        BodiesFeature.Feature,
        CompressionFeature.Feature,
        HeadersFeature.Feature,
        BlockingFeature.Feature,
        MatchingFeature.Feature,
        CanaryFeature.Feature,
        BackendWeightsFeature.Feature,
        BackendProtocolFeature.Feature,
        BackendTlsFeature.Feature,
        TimeoutsFeature.Feature,
        RetriesFeature.Feature,
        ErrorPagesFeature.Feature,
        LoadBalancingFeature.Feature,
        HashFeature.Feature,
        SessionAffinityFeature.Feature,
        ServiceUpstreamFeature.Feature,
        TransformsFeature.Feature,
        YarpPoliciesFeature.Feature,
        IpAccessFeature.Feature,
        ApiKeysFeature.Feature,
        BasicAuthFeature.Feature,
        ExternalAuthFeature.Feature,
        JwtFeature.Feature,
        SatisfyFeature.Feature,
    ];

    public static FeatureCatalog Catalog { get; } = new(All);
}
