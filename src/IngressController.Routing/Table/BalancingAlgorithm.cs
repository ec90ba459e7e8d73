namespace IngressController.Routing.Table;

/// <summary>The algorithm that selects the endpoint of a request.</summary>
public enum BalancingAlgorithm
{
    /// <summary>All endpoints in turn.</summary>
    RoundRobin,

    /// <summary>The endpoint with the fewest requests in flight; in turn among equals.</summary>
    LeastRequests,

    /// <summary>Of two random endpoints, the one with fewer requests in flight.</summary>
    PowerOfTwo,

    /// <summary>Of two random endpoints, the one with the lower expected response time: peak EWMA × requests in flight.</summary>
    Ewma,

    /// <summary>A random endpoint.</summary>
    Random,
}
