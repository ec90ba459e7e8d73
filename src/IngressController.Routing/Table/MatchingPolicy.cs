namespace IngressController.Routing.Table;

/// <summary>The requests that the routes of an Ingress match, besides host and path.</summary>
/// <param name="Predicates">The conditions on a request.</param>
/// <param name="Order">Among routes of one host and path, the smaller is tried first.</param>
public sealed record MatchingPolicy(RoutePredicates Predicates, int Order) : RoutePolicy
{
    public static MatchingPolicy None { get; } = new(RoutePredicates.None, 0);

    /// <summary>Tried after all others of its path.</summary>
    public static MatchingPolicy Unreadable { get; } = new(RoutePredicates.Unreadable, int.MaxValue);
}
