using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Pipeline;

/// <summary>The steps and changes of one route, each list in its order. Empty for routes that ask for nothing.</summary>
internal sealed record RoutePlan(RequestStep[] Steps, RequestChange[] RequestChanges, ResponseChange[] ResponseChanges)
{
    public static RoutePlan Empty { get; } = new([], [], []);

    /// <summary>Null when the route has none.</summary>
    public MessageTransforms? Transforms { get; init; }
}

/// <summary>
/// The input of a route's steps and changes. Routes of Ingresses without annotations share theirs, so a step that needs its route takes it from
/// the request.
/// </summary>
/// <param name="Host">The host of the route; empty for rules without one.</param>
/// <param name="Definition">The route of the routing table.</param>
/// <param name="Services">The services of the process.</param>
internal sealed record PlanContext(string Host, Routing.Table.Route Definition, IServiceProvider Services)
{
    public LocalReplies Replies => Service<LocalReplies>();

    public T? Policy<T>()
        where T : RoutePolicy => Definition.Policies.Get<T>();

    public T Service<T>()
        where T : notnull => Services.GetRequiredService<T>();
}

/// <summary>The input of changes that every request or response gets.</summary>
internal sealed record GlobalPlanContext(GlobalSettings Settings, IServiceProvider Services)
{
    public T Service<T>()
        where T : notnull => Services.GetRequiredService<T>();
}
