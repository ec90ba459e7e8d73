using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Timeouts;

/// <summary>The time limits of the requests of an Ingress, if one of them is not the default.</summary>
/// <param name="Connect">For a connection to an endpoint.</param>
/// <param name="Read">Between two reads from an endpoint.</param>
/// <param name="Send">Between two writes to an endpoint.</param>
public sealed record TimeoutPolicy(TimeSpan Connect, TimeSpan Read, TimeSpan Send) : RoutePolicy
{
    public static TimeoutPolicy Default { get; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60));

    /// <summary>For idle WebSockets and gRPC calls; null for <see cref="Read"/> and <see cref="Send"/>.</summary>
    public TimeSpan? StreamIdle { get; init; }

    /// <summary>For each attempt until the head of the response; null for none.</summary>
    public TimeSpan? PerTry { get; init; }

    /// <summary>For a request in total; null for none.</summary>
    public TimeSpan? Request { get; init; }
}
