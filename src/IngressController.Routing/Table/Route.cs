namespace IngressController.Routing.Table;

/// <summary>One path of one host.</summary>
/// <param name="Origin">The place in the Ingress that it comes from.</param>
/// <param name="Match">The path.</param>
/// <param name="Action">The action for its requests.</param>
public sealed record Route(RouteOrigin Origin, PathMatch Match, RouteAction Action)
{
    /// <summary>The policies of the Ingress.</summary>
    public RoutePolicies Policies { get; init; } = RoutePolicies.None;

    /// <summary>The conditions besides host and path; requests that do not match go to the next candidate.</summary>
    public RoutePredicates Predicates { get; init; } = RoutePredicates.None;

    /// <summary>Among routes of one host and path, the smaller is tried first.</summary>
    public int Order { get; init; }

    /// <summary>The path as written in the rule.</summary>
    public string PathText { get; init; } = "/";

    /// <summary>True if its own Ingress makes the path a regular expression; then all paths of the host are.</summary>
    public bool WantsRegex { get; init; }

    /// <summary>The path as a regular expression; never null when <see cref="Match"/> is one.</summary>
    public PathPattern? Pattern { get; init; }
}

/// <summary>The action of a route. Closed: forward, redirect or refuse.</summary>
public abstract record RouteAction
{
    private RouteAction()
    {
    }

    /// <summary>Forwards to a backend.</summary>
    /// <param name="Backend">The main backend: that of the rule, or one of <see cref="Weights"/> with a weight above 0.</param>
    public sealed record Forward(BackendId Backend) : RouteAction
    {
        /// <summary>The backends that share the requests; empty if <see cref="Backend"/> gets all.</summary>
        public EquatableArray<WeightedBackend> Weights { get; init; }

        /// <summary>The backends that get some requests before. Each is asked in turn, the oldest first.</summary>
        public EquatableArray<CanaryBackend> Canaries { get; init; }

        /// <summary>True if each request needs a decision.</summary>
        public bool HasAlternatives => Weights.Count > 0 || Canaries.Count > 0;

        /// <summary>The backends of the rule itself, no duplicates.</summary>
        internal IEnumerable<BackendId> OwnBackends => Weights.Count == 0 ? [Backend] : Weights.Select(weighted => weighted.Backend);
    }

    /// <summary>Redirects every request.</summary>
    /// <param name="Status">The status of the redirect.</param>
    /// <param name="Host">The host that gets the request's own path and query; null for a redirect to a path.</param>
    /// <param name="Path">The path of the same host; null for a redirect to a host.</param>
    public sealed record Redirect(int Status, string? Host, string? Path) : RouteAction;

    /// <summary>Answers 503: the rule is kept, so that its traffic never falls through to another one.</summary>
    public sealed record Unavailable(string Reason) : RouteAction;
}
