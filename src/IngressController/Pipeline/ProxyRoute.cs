using IngressController.Matching;
using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>A route of the routing table with its cluster, counters and plan. Immutable; cluster and counters outlive it.</summary>
internal sealed class ProxyRoute(string host, Routing.Table.Route definition, UpstreamCluster? cluster, RequestCounters counters, RoutePlan plan)
    : RouteEntry(host, definition)
{
    /// <summary>The cluster of the main backend; null if requests are not forwarded. <see cref="ProxyRequest.Cluster"/> is that of a request.</summary>
    public UpstreamCluster? Cluster => cluster;

    public RequestCounters Counters => counters;

    /// <summary>The backends; null unless the route has alternatives.</summary>
    public RouteBackends? Backends { get; init; }

    /// <summary>True if the main backend, or one of several with weights, can serve a request. Canaries are nothing without it.</summary>
    public bool HasEndpoints => cluster is { HasEndpoints: true } || Backends is { HasWeightedEndpoints: true };

    /// <summary>The steps and changes of its requests.</summary>
    public RoutePlan Plan => plan;
}
