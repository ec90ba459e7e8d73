using System.Collections.Immutable;
using IngressController.Routing.Cluster;

namespace IngressController.Routing.Table;

/// <summary>
/// The result of translation: every host with its routes, every backend with its endpoints, every host with its certificate.
/// Immutable, and free of Kubernetes' and YARP's types.
/// </summary>
public sealed record RoutingTable
{
    public static RoutingTable Empty { get; } = new();

    /// <summary>By host in lower case: <c>app.example.com</c>, <c>*.example.com</c>, or empty for rules without a host.</summary>
    public ImmutableDictionary<string, VirtualHost> Hosts { get; init; } = ImmutableDictionary<string, VirtualHost>.Empty;

    public ImmutableDictionary<BackendId, Backend> Backends { get; init; } = ImmutableDictionary<BackendId, Backend>.Empty;

    /// <summary>By host in lower case, exact or one-label wildcard.</summary>
    public ImmutableDictionary<string, TlsBinding> TlsBindings { get; init; } = ImmutableDictionary<string, TlsBinding>.Empty;

    /// <summary>The operator's certificate for hosts without their own; null means the self-signed one made at start.</summary>
    public TlsBinding? DefaultCertificate { get; init; }

    /// <summary>The operator's backend for requests that match nothing; null answers 404.</summary>
    public Route? DefaultRoute { get; init; }
}

/// <summary>One host with its routes in the order they are tried: Exact first, then the longest Prefix; of one path by order, predicates and age.</summary>
/// <param name="Host">The host in lower case.</param>
/// <param name="Routes">No two have the same match and predicates.</param>
/// <param name="Default">The <c>spec.defaultBackend</c> of the oldest Ingress of this host.</param>
public sealed record VirtualHost(string Host, EquatableArray<Route> Routes, Route? Default);

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
}

/// <summary>The place a route comes from.</summary>
/// <param name="Ingress">The Ingress; empty for the operator's default backend.</param>
/// <param name="Rule">The rule's index, or -1 for <c>spec.defaultBackend</c>.</param>
/// <param name="Path">The path's index in its rule.</param>
public readonly record struct RouteOrigin(ResourceName Ingress, int Rule, int Path)
{
    public static RouteOrigin DefaultBackend(ResourceName ingress) => new(ingress, -1, 0);

    /// <summary>The field path, as kubectl explain writes it.</summary>
    public string Field => Rule < 0 ? "spec.defaultBackend" : $"spec.rules[{Rule}].http.paths[{Path}]";

    /// <summary>The field path of the route's backend.</summary>
    public string BackendField => Rule < 0 ? Field : $"{Field}.backend";

    public override string ToString() => $"{Ingress} {Field}";
}

public enum PathMatchType
{
    Exact,
    Prefix,
}

/// <summary>The path of a route.</summary>
/// <param name="Type">ImplementationSpecific is Prefix.</param>
/// <param name="Value">The normalized form that requests are compared with; a Prefix has no trailing slash, but for the root.</param>
public readonly record struct PathMatch(PathMatchType Type, string Value)
{
    public static PathMatch Root => new(PathMatchType.Prefix, "/");
}

/// <summary>What a route does with a request. Closed: forward it or refuse it.</summary>
public abstract record RouteAction
{
    private RouteAction()
    {
    }

    public sealed record Forward(BackendId Backend) : RouteAction;

    /// <summary>Answers 503: the rule is kept, so that its traffic never falls through to another one.</summary>
    public sealed record Unavailable(string Reason) : RouteAction;
}

/// <summary>The certificate of a host.</summary>
/// <param name="Host">The host, exact or one-label wildcard.</param>
/// <param name="Secret">The Secret it comes from; null when none is named.</param>
/// <param name="Certificate">
/// Null means the default certificate, also where another Ingress's wildcard certificate would cover the host: who routes a host and says
/// how it is served must not get a stranger's certificate because a Secret is missing.
/// </param>
public sealed record TlsBinding(string Host, ResourceName? Secret, TlsCertificate? Certificate);
