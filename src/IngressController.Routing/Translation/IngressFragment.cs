using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>What one Ingress asks for, read from it alone: no other object has been looked at.</summary>
internal sealed record IngressFragment
{
    public required ResourceName Name { get; init; }

    /// <summary>Decides conflicts: the older Ingress wins, ties go to the smaller namespace/name.</summary>
    public required DateTime Created { get; init; }

    /// <summary>Each host once.</summary>
    public EquatableArray<HostContribution> Hosts { get; init; }

    public EquatableArray<TlsContribution> Tls { get; init; }

    public EquatableArray<Diagnostic> Diagnostics { get; init; }

    public IEnumerable<Route> AllRoutes => Hosts.SelectMany(host => host.Default is null ? host.Routes : host.Routes.Append(host.Default));

    /// <summary>Each backend this Ingress uses, once.</summary>
    public IEnumerable<BackendId> Backends =>
        AllRoutes.Select(route => route.Action).OfType<RouteAction.Forward>().Select(action => action.Backend).Distinct();

    /// <summary>Older first.</summary>
    public static int CompareByAge(IngressFragment left, IngressFragment right)
    {
        var byAge = left.Created.CompareTo(right.Created);
        return byAge != 0 ? byAge : left.Name.CompareTo(right.Name);
    }
}

/// <summary>The routes one Ingress wants for one host.</summary>
internal sealed record HostContribution(string Host, EquatableArray<Route> Routes, Route? Default);

/// <summary>A certificate one Ingress wants for one host.</summary>
/// <param name="Host">The host, exact or wildcard.</param>
/// <param name="Secret">The Secret in the Ingress's namespace.</param>
/// <param name="Entry">The index in <c>spec.tls</c>.</param>
/// <param name="Claim">How strongly it claims the host.</param>
internal sealed record TlsContribution(string Host, ResourceName Secret, int Entry, TlsClaim Claim);

/// <summary>Stronger claims come first: who routes a host decides its certificate before someone who merely lists it.</summary>
internal enum TlsClaim
{
    /// <summary>The host is in <c>tls[].hosts</c> and has a rule in the same Ingress.</summary>
    ListedAndRouted,

    /// <summary>The host is in <c>tls[].hosts</c> only.</summary>
    Listed,

    /// <summary>The host has a rule only; the certificate counts if it covers the host.</summary>
    Routed,
}
