namespace IngressController.Routing.Table;

/// <summary>One path of one host.</summary>
/// <param name="Origin">The place in the Ingress it comes from.</param>
/// <param name="Match">The path it matches.</param>
/// <param name="Action">What happens to a request.</param>
public sealed record Route(RouteOrigin Origin, PathMatch Match, RouteAction Action)
{
    /// <summary>What the Ingress asks for besides.</summary>
    public RoutePolicies Policies { get; init; } = RoutePolicies.None;

    /// <summary>Which requests it takes besides host and path; the others pass on to the next candidate.</summary>
    public RoutePredicates Predicates { get; init; } = RoutePredicates.None;

    /// <summary>Among routes of one host and path, the smaller goes first.</summary>
    public int Order { get; init; }

    /// <summary>The path as the rule writes it.</summary>
    public string PathText { get; init; } = "/";

    /// <summary>Whether its own Ingress wants the path to be a regular expression; then all paths of its host are.</summary>
    public bool WantsRegex { get; init; }

    /// <summary>The path as a regular expression: always there when <see cref="Match"/> is one.</summary>
    public PathPattern? Pattern { get; init; }
}

/// <summary>What a route does with a request. Closed: forward it, redirect it or refuse it.</summary>
public abstract record RouteAction
{
    private RouteAction()
    {
    }

    public sealed record Forward(BackendId Backend) : RouteAction;

    /// <summary>Redirects every request.</summary>
    /// <param name="Status">The status of the redirect.</param>
    /// <param name="Host">The host that gets the request's own path and query; null for a redirect to a path.</param>
    /// <param name="Path">The path of the same host; null for a redirect to a host.</param>
    public sealed record Redirect(int Status, string? Host, string? Path) : RouteAction;

    /// <summary>Answers 503: the rule is kept, so that its traffic never falls through to another one.</summary>
    public sealed record Unavailable(string Reason) : RouteAction;
}
