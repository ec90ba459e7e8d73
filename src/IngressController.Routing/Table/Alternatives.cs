namespace IngressController.Routing.Table;

/// <summary>A backend among those that share the requests of a route, as in the backendRefs of an HTTPRoute.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Weight">Its share of the sum of all weights; with 0 it gets nothing.</param>
public sealed record WeightedBackend(BackendId Backend, int Weight);

/// <summary>A backend that gets some of the requests of a route of another Ingress, before the backends of that route.</summary>
/// <param name="Backend">The backend. How it is reached is what the main route says of its own.</param>
/// <param name="Origin">The place in the canary that it comes from.</param>
/// <param name="Policies">The policies of the canary that apply to its own backend; all others are those of the main route.</param>
public sealed record CanaryBackend(BackendId Backend, RouteOrigin Origin, RoutePolicies Policies)
{
    /// <summary>The requests that it gets.</summary>
    public CanaryPolicy Rules => Policies.Get<CanaryPolicy>() ?? CanaryPolicy.None;
}

/// <summary>The requests that a canary gets. Header, cookie and weight are asked in this order; the first that decides applies.</summary>
/// <param name="Header">The header that decides; null if none does.</param>
/// <param name="Cookie">The cookie whose value <c>always</c> or <c>never</c> decides; null if none does.</param>
/// <param name="Weight">The number of requests out of <paramref name="Total"/> that it gets of those that nothing else decides.</param>
/// <param name="Total">At least 100.</param>
public sealed record CanaryPolicy(CanaryHeader? Header, string? Cookie, int Weight, int Total) : RoutePolicy
{
    public const int DefaultTotal = 100;

    internal const string WeightAnnotation = "canary-weight";

    public static CanaryPolicy None { get; } = new(null, null, 0, DefaultTotal);

    /// <summary>The part of the requests that it gets by weight, from 0 to 1.</summary>
    public double Share => Weight >= Total ? 1 : (double)Weight / Total;

    public override string ToString() => string.Join(
        "; ", ((string?[])[Header?.ToString(), Cookie is null ? null : $"cookie {Cookie} always or never", Weight == 0 ? null : $"{Weight} of {Total}"]).OfType<string>()
            .DefaultIfEmpty("no request"));
}

/// <summary>The header that decides about a canary.</summary>
/// <param name="Name">The name, case-insensitive.</param>
/// <param name="Match">The comparison.</param>
/// <param name="Text">The value or expression; empty for <see cref="CanaryHeaderMatch.AlwaysOrNever"/>.</param>
public sealed record CanaryHeader(string Name, CanaryHeaderMatch Match, string Text)
{
    public override string ToString() => Match switch
    {
        CanaryHeaderMatch.AlwaysOrNever => $"header {Name} always or never",
        CanaryHeaderMatch.Value => $"header {Name} is {Text}",
        CanaryHeaderMatch.Pattern => $"header {Name} matches {Text}",
        _ => $"header {Name} never, because its pattern is invalid",
    };
}

/// <summary>The comparison of the header that decides about a canary.</summary>
public enum CanaryHeaderMatch
{
    /// <summary>The value <c>always</c> selects the canary, <c>never</c> excludes it; another one decides nothing.</summary>
    AlwaysOrNever,

    /// <summary>The value selects the canary, case-sensitive; another one decides nothing.</summary>
    Value,

    /// <summary>A value that the expression matches anywhere selects the canary; another one decides nothing.</summary>
    Pattern,

    /// <summary>The expression is invalid: any value excludes the canary.</summary>
    InvalidPattern,
}

/// <summary>The Services that share the requests of the paths of an Ingress.</summary>
/// <param name="Services">At least one has a weight above 0; no Service twice.</param>
public sealed record BackendWeightsPolicy(EquatableArray<ServiceWeight> Services) : RoutePolicy
{
    internal const string Annotation = "backend-weights";
}

/// <summary>A Service of the Ingress's namespace and its weight.</summary>
public readonly record struct ServiceWeight(string Service, int Weight)
{
    public override string ToString() => $"{Service}={Weight}";
}
