using System.Collections.Frozen;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>The steps and changes of one route, each list in order.</summary>
internal sealed record RoutePlan(RequestStep[] Steps, RequestChange[] RequestChanges, ResponseChange[] ResponseChanges)
{
    public static RoutePlan Empty { get; } = new([], [], []);

    /// <summary>The transforms; null if the route has none.</summary>
    public MessageTransforms? Transforms { get; init; }

    /// <summary>The pages that replace errors; null if the route has none.</summary>
    public ErrorPages? ErrorPages { get; init; }

    /// <summary>True if the bodies of responses can get a content coding.</summary>
    public bool EncodesBodies { get; } = ResponseChanges.Any(change => change.EncodesBody);

    /// <summary>True if requests and bodies are changed as messages of the HTTP client only.</summary>
    public bool NeedsMessages { get; } = ResponseChanges.Any(change => change.ChangesBody);
}

/// <summary>
/// The input for creating the steps and changes of a route. Routes of Ingresses without annotations share a plan, so a step that needs the
/// route reads it from the request.
/// </summary>
/// <param name="Host">The host of the route; empty for rules without one.</param>
/// <param name="Definition">The route of the routing table.</param>
/// <param name="Services">The services of the process.</param>
internal sealed record PlanContext(string Host, Routing.Table.Route Definition, IServiceProvider Services)
{
    /// <summary>The clusters of all backends.</summary>
    public IReadOnlyDictionary<BackendId, UpstreamCluster> Clusters { get; init; } = FrozenDictionary<BackendId, UpstreamCluster>.Empty;

    /// <summary>The backends; null unless the route has alternatives. Routes with alternatives share no plan.</summary>
    public RouteBackends? Backends { get; init; }

    public LocalReplies Replies => Service<LocalReplies>();

    public T? Policy<T>()
        where T : RoutePolicy => Definition.Policies.Get<T>();

    public T Service<T>()
        where T : notnull => Services.GetRequiredService<T>();
}

/// <summary>The input for creating the changes of every request and response.</summary>
internal sealed record GlobalPlanContext(GlobalSettings Settings, IServiceProvider Services)
{
    public T Service<T>()
        where T : notnull => Services.GetRequiredService<T>();
}
