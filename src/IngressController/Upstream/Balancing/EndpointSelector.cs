using IngressController.Routing.Table;
using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream.Balancing;

/// <summary>Selects an endpoint of a cluster. It has no state of its own, so that all routes of a cluster share that of the cluster.</summary>
internal abstract class EndpointSelector
{
    /// <param name="cluster">The cluster.</param>
    /// <param name="endpoints">Its endpoints, at least one.</param>
    /// <param name="turn">The number of requests before this one.</param>
    public abstract DestinationState Select(UpstreamCluster cluster, IReadOnlyList<DestinationState> endpoints, uint turn);

    /// <summary>The selector of an algorithm; null for round robin, which the cluster does itself.</summary>
    public static EndpointSelector? Of(BalancingAlgorithm algorithm, Random random) => algorithm switch
    {
        BalancingAlgorithm.RoundRobin => null,
        BalancingAlgorithm.Random => new RandomSelector(random),
        BalancingAlgorithm.LeastRequests => new LeastRequestsSelector(),
        BalancingAlgorithm.PowerOfTwo => new PowerOfTwoSelector(random),
        BalancingAlgorithm.Ewma => new EwmaSelector(random),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "unknown algorithm"),
    };

    private sealed class RandomSelector(Random random) : EndpointSelector
    {
        public override DestinationState Select(UpstreamCluster cluster, IReadOnlyList<DestinationState> endpoints, uint turn) => endpoints[random.Next(endpoints.Count)];
    }

    private sealed class LeastRequestsSelector : EndpointSelector
    {
        public override DestinationState Select(UpstreamCluster cluster, IReadOnlyList<DestinationState> endpoints, uint turn)
        {
            var loads = cluster.CountLoads().All;
            if (loads.Length == 0)
                return endpoints[0];
            // Begins elsewhere each time, so that equals take turns.
            var start = (int)(turn % (uint)loads.Length);
            var least = loads[start];
            for (var i = 1; i < loads.Length && least.InFlight > 0; i++)
            {
                var next = start + i;
                var load = loads[next < loads.Length ? next : next - loads.Length];
                if (load.InFlight < least.InFlight)
                    least = load;
            }

            return least.Endpoint;
        }
    }

    /// <summary>Compares two endpoints at random: nearly as good as comparing all, at the same cost for any number of them.</summary>
    private abstract class OfTwoSelector(Random random) : EndpointSelector
    {
        public sealed override DestinationState Select(UpstreamCluster cluster, IReadOnlyList<DestinationState> endpoints, uint turn)
        {
            var loads = cluster.CountLoads();
            var all = loads.All;
            if (all.Length < 2)
                return all.Length == 0 ? endpoints[0] : all[0].Endpoint;
            var first = random.Next(all.Length);
            var second = random.Next(all.Length - 1);
            return Better(all[first], all[second < first ? second : second + 1], loads.Time).Endpoint;
        }

        /// <summary>The better one; the first if they are equal, which is random.</summary>
        protected abstract EndpointLoad Better(EndpointLoad first, EndpointLoad second, TimeProvider time);
    }

    private sealed class PowerOfTwoSelector(Random random) : OfTwoSelector(random)
    {
        protected override EndpointLoad Better(EndpointLoad first, EndpointLoad second, TimeProvider time) => second.InFlight < first.InFlight ? second : first;
    }

    private sealed class EwmaSelector(Random random) : OfTwoSelector(random)
    {
        protected override EndpointLoad Better(EndpointLoad first, EndpointLoad second, TimeProvider time)
        {
            var now = time.GetTimestamp();
            var (cost, other) = (first.CostAt(now, time), second.CostAt(now, time));
            // Without measurements, by the requests in flight.
            return other < cost || (other == cost && second.InFlight < first.InFlight) ? second : first;
        }
    }
}
