using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>A backend that can serve requests of a route.</summary>
/// <param name="Cluster">Its endpoints.</param>
/// <param name="Counters">The counters of the requests that it serves.</param>
internal sealed record RouteBackend(UpstreamCluster Cluster, RequestCounters Counters)
{
    public override string ToString() => Cluster.Id.ToString();
}

/// <summary>A backend that shares the requests of a route.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Weight">Its part of the sum of all weights.</param>
internal readonly record struct WeightedRouteBackend(RouteBackend Backend, int Weight)
{
    /// <summary>0 if it has no endpoint.</summary>
    public int EffectiveWeight => Weight > 0 && Backend.Cluster.HasEndpoints ? Weight : 0;
}

/// <summary>The backends of a route with alternatives, each list in the order of the routing table.</summary>
/// <param name="Main">The main backend; one of the weighted ones, if there are any.</param>
/// <param name="Weighted">The backends that share the requests by weight; empty if the main backend gets all.</param>
/// <param name="Canaries">The backends of canaries.</param>
internal sealed record RouteBackends(RouteBackend Main, WeightedRouteBackend[] Weighted, RouteBackend[] Canaries)
{
    /// <summary>True if one of the weighted backends can serve a request.</summary>
    public bool HasWeightedEndpoints => Array.Exists(Weighted, static weighted => weighted.EffectiveWeight > 0);
}
