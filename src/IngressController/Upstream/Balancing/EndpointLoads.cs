using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream.Balancing;

/// <summary>
/// The loads of the endpoints of a cluster. They are counted for all its requests from the moment when a route needs them.
/// </summary>
internal sealed class EndpointLoads(TimeProvider time) : EndpointView
{
    private volatile Loads _loads = new([], []);

    public TimeProvider Time => time;

    /// <summary>In the order of the endpoints.</summary>
    public EndpointLoad[] All => _loads.InOrder;

    /// <summary>The load of an endpoint; null if it is gone.</summary>
    public EndpointLoad? Of(DestinationState endpoint) => _loads.ByEndpoint.GetValueOrDefault(endpoint);

    public override void Apply(IReadOnlyList<DestinationState> endpoints)
    {
        var former = _loads;
        var now = time.GetTimestamp();
        var measured = former.InOrder.Select(load => load.AverageAt(now, time)).Where(average => average > 0).ToArray();
        EndpointLoad[] all = [.. endpoints.Select(endpoint => former.ByEndpoint.GetValueOrDefault(endpoint) ?? New(endpoint))];
        _loads = new(all, all.ToDictionary(load => load.Endpoint));

        EndpointLoad New(DestinationState endpoint)
        {
            var load = new EndpointLoad(endpoint);
            load.StartWith(measured.Length == 0 ? 0 : measured.Average(), time);
            return load;
        }
    }

    private sealed record Loads(EndpointLoad[] InOrder, Dictionary<DestinationState, EndpointLoad> ByEndpoint);
}
