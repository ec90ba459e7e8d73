using IngressController.Pipeline;
using IngressController.Routing.Features.LoadBalancing;
using IngressController.Routing.Table;
using IngressController.Upstream;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.LoadBalancing;

/// <summary>load-balance: an algorithm other than round robin.</summary>
internal sealed class AlgorithmChoice(BalancingAlgorithm algorithm) : EndpointChoice
{
    private readonly EndpointSelector? _selector = EndpointSelector.Of(algorithm, Random.Shared);

    public override string Description => algorithm switch
    {
        BalancingAlgorithm.RoundRobin => "round_robin",
        BalancingAlgorithm.LeastRequests => "least_requests",
        BalancingAlgorithm.PowerOfTwo => "power_of_two",
        BalancingAlgorithm.Ewma => "ewma",
        BalancingAlgorithm.Random => "random",
        _ => throw new InvalidOperationException($"unknown algorithm {algorithm}"),
    };

    public static EndpointChoice? Create(PlanContext context, EndpointChoice? others) =>
        context.Policy<LoadBalancingPolicy>() is { } policy ? new AlgorithmChoice(policy.Algorithm) : null;

    public override DestinationState? First(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model) => cluster.Next(model, _selector);
}
