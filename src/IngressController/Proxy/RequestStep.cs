using IngressController.Configuration;
using IngressController.Features.Authentication;
using IngressController.Features.RateLimiting;
using IngressController.Features.Rewriting;
using IngressController.Features.Transforms;

namespace IngressController.Proxy;

/// <summary>
/// One thing that happens to a request of a route before it is forwarded. Made when the route is built, only for routes whose policies ask
/// for it; the order stands in <see cref="RequestPipeline"/>.
/// </summary>
internal abstract class RequestStep
{
    /// <summary>What it is called where people read of it.</summary>
    public abstract string Name { get; }

    /// <summary>The values in force, for <c>explain</c>: <c>308 to https, unless the client came by https</c>.</summary>
    public abstract string Describe();

    /// <summary>Whether the request goes on; false when it has been answered here.</summary>
    public abstract ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route);

    /// <summary>
    /// The same decision without effects outside the request: nothing is counted, nobody is asked. True as well when only doing it
    /// could tell; <see cref="Describe"/> then says so.
    /// </summary>
    public virtual ValueTask<bool> RehearseAsync(HttpContext context, ProxyRoute route) => InvokeAsync(context, route);
}

/// <summary>Changes what the backend gets of a request. Runs after the forwarding headers are set.</summary>
internal abstract class RequestChange
{
    public abstract void Apply(HttpContext context, ProxyRoute route, HttpRequestMessage request);
}

/// <summary>
/// Changes the head of a response, the backend's or our own, just before it goes out. Runs after the backend's headers are copied.
/// </summary>
internal abstract class ResponseChange
{
    /// <param name="context">The request with its response.</param>
    /// <param name="route">Its route.</param>
    /// <param name="isOwn">Whether the answer is the proxy's own and not a backend's.</param>
    public abstract void Apply(HttpContext context, ProxyRoute route, bool isOwn);

    /// <summary>What goes out as the body of a backend's response. Neither upgraded connections nor our own answers come here.</summary>
    public virtual HttpContent ChangeBody(HttpContent body) => body;
}

/// <summary>What is done to the requests of one route, each list in its order. Empty for routes that ask for nothing.</summary>
internal sealed record RoutePlan(RequestStep[] Steps, RequestChange[] RequestChanges, ResponseChange[] ResponseChanges)
{
    public static RoutePlan Empty { get; } = new([], [], []);

    /// <summary>Whether requests may get another path on their way.</summary>
    public bool Rewrites { get; } = Steps.Any(step => step is RewriteStep);

    /// <summary>YARP's transforms of its requests and responses; null when it has none.</summary>
    public RouteTransforms? Transforms { get; init; }
}

/// <summary>
/// What a step is made from. Routes of Ingresses without annotations share their steps, so what such a step needs of its route it takes from the
/// one it is invoked with.
/// </summary>
/// <param name="Host">The host of the route; empty for rules without one.</param>
/// <param name="Definition">The route of the routing table.</param>
/// <param name="Services">What lives as long as the process.</param>
internal sealed record StepContext(string Host, Routing.Table.Route Definition, StepServices Services)
{
    public T? Policy<T>()
        where T : Routing.Table.RoutePolicy => Definition.Policies.Get<T>();
}

/// <summary>What steps work with, for the life of the process.</summary>
internal sealed record StepServices(
    OwnAnswers Answers, LiveHosts Hosts, ListenerOptions Listener, TimeProvider Time, RateLimiterStore Limiters, RateLimitMetrics LimitMetrics,
    ReplicaCount Replicas, GlobalState Global, BasicAuthenticator Passwords, ExternalAuthenticator ExternalAuth);

/// <summary>Where the live host table stands: the reconcile loop puts it there, requests read it once.</summary>
internal sealed class LiveHosts
{
    private volatile HostTable? _current;

    /// <summary>Null until the first revision is applied.</summary>
    public HostTable? Current
    {
        get => _current;
        set => _current = value;
    }
}
