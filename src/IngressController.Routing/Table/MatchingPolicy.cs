namespace IngressController.Routing.Table;

/// <summary>Which requests the routes of an Ingress take, besides host and path.</summary>
/// <param name="Predicates">What a request must be like.</param>
/// <param name="Order">Among routes of one host and path, the smaller goes first.</param>
public sealed record MatchingPolicy(RoutePredicates Predicates, int Order) : RoutePolicy
{
    public static MatchingPolicy None { get; } = new(RoutePredicates.None, 0);

    /// <summary>After all others of its path.</summary>
    public static MatchingPolicy Unreadable { get; } = new(RoutePredicates.Unreadable, int.MaxValue);
}
