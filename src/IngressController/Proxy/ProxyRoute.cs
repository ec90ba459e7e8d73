using IngressController.Features.Matching;
using IngressController.Observability;
using IngressController.Routing.Features.YarpPolicies;
using IngressController.Routing.Table;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;
using Endpoint = Microsoft.AspNetCore.Http.Endpoint;

namespace IngressController.Proxy;

/// <summary>
/// A route as requests meet it: the endpoint that the pipeline sets once it has matched. It holds the cluster itself, so nothing is
/// looked up per request.
/// </summary>
internal sealed class ProxyRoute : Endpoint
{
    public ProxyRoute(string host, Route definition, UpstreamCluster? cluster, RequestCounters counters, RoutePlan plan)
        : base(requestDelegate: null, EndpointMetadataCollection.Empty, displayName: null)
    {
        Host = host;
        Definition = definition;
        Cluster = cluster;
        Counters = counters;
        Plan = plan;
        Matcher = RequestMatcher.Of(definition.Predicates);
    }

    /// <summary>The host of the rule; empty for rules without one.</summary>
    public string Host { get; }

    /// <summary>The route of the routing table.</summary>
    public Route Definition { get; }

    /// <summary>Where it leads; null when the route answers 503.</summary>
    public UpstreamCluster? Cluster { get; }

    public RequestCounters Counters { get; }

    /// <summary>What is done to its requests before and while they are forwarded.</summary>
    public RoutePlan Plan { get; }

    /// <summary>Which requests it takes besides host and path; null when it takes all.</summary>
    public RequestMatcher? Matcher { get; }

    /// <summary>Whether it takes a request of its host and path; without a request, whether it takes all.</summary>
    public bool Accepts(HttpRequest? request) => Matcher is null || (request is not null && Matcher.Match(request));

    /// <summary>
    /// The same as YARP says it, for its middlewares; made when first asked for. Host and path are left out of its match: they are
    /// matched here, and YARP would read them as templates.
    /// </summary>
    public RouteModel Model => field ??= new RouteModel(
        new RouteConfig
        {
            RouteId = Definition.Origin.ToString(),
            ClusterId = Cluster?.Id.ToString(),
            Match = new RouteMatch(),
            Metadata = MetadataOf(Definition),
        },
        Cluster?.Current.State, HttpTransformer.Empty);

    private static Dictionary<string, string>? MetadataOf(Route definition) =>
        definition.Policies.Get<RouteMetadataPolicy>() is { } policy ? new(policy.Entries) : null;
}
