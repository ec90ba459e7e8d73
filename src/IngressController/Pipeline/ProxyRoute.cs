using IngressController.Matching;
using IngressController.Routing.Table;
using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>A route of the routing table with everything that serves its requests. Immutable; its cluster and counters outlive it.</summary>
internal sealed class ProxyRoute(string host, Routing.Table.Route definition, UpstreamCluster? cluster, RequestCounters counters, RoutePlan plan)
    : RouteEntry(host, definition)
{
    /// <summary>The cluster that requests are forwarded to; null when the route is not forwarded.</summary>
    public UpstreamCluster? Cluster => cluster;

    public RequestCounters Counters => counters;

    /// <summary>The steps of its requests, and the changes of what is forwarded.</summary>
    public RoutePlan Plan => plan;
}
