using IngressController.Pipeline;
using IngressController.Routing.Features.LoadBalancing;
using IngressController.Upstream;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.LoadBalancing;

/// <summary>upstream-hash-by: the endpoint, or one of a few, by a hash of a value of the request.</summary>
internal sealed class HashChoice(HashPolicy policy, EndpointChoice? others) : EndpointChoice
{
    private static readonly Func<UpstreamCluster, HashRingView> NewRing = _ => new HashRingView();

    public override string Description
    {
        get
        {
            var subset = policy.SubsetSize is { } size ? $", a random one of {size} endpoints" : "";
            return $"hash of {policy.Key}{subset}; if it is empty, {others?.Description ?? "round_robin"}";
        }
    }

    public static EndpointChoice? Create(PlanContext context, EndpointChoice? others) =>
        context.Policy<HashPolicy>() is { } policy ? new HashChoice(policy, others) : null;

    public override DestinationState? First(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model)
    {
        var key = TemplateValues.Expand(policy.Key, request);
        if (key.Length == 0 || cluster.View(NewRing).Ring is not { } ring)
            return others is null ? cluster.Next(model) : others.First(request, cluster, model);
        cluster.CountBound();
        var hash = HashRing.HashOf(key);
        return policy.SubsetSize is { } size ? ring.AnyOf(hash, size, Random.Shared, cluster) : ring.Find(hash, cluster);
    }
}
