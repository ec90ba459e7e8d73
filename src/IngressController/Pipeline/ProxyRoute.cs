using IngressController.Matching;
using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>A route of the routing table with its cluster, counters and plan. Immutable; cluster and counters outlive it.</summary>
internal sealed class ProxyRoute(string host, Routing.Table.Route definition, UpstreamCluster? cluster, RequestCounters counters, RoutePlan plan)
    : RouteEntry(host, definition)
{
    /// <summary>The cluster that requests are forwarded to; null if they are not forwarded.</summary>
    public UpstreamCluster? Cluster => cluster;

    public RequestCounters Counters => counters;

    /// <summary>The steps and changes of its requests.</summary>
    public RoutePlan Plan => plan;
}
