using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// One Ingress by itself, read with the Secrets and ConfigMaps that its annotations name; independent of other Ingresses.
/// </summary>
internal sealed record IngressFragment
{
    public required ResourceName Name { get; init; }

    /// <summary>Decides conflicts: the older Ingress wins, then the smaller namespace/name.</summary>
    public required DateTime Created { get; init; }

    /// <summary>False for an Ingress whose IngressClass is missing: it is kept only for its diagnostic.</summary>
    public bool IsClaimed { get; init; } = true;

    /// <summary>True if its routes are canaries of other Ingresses' routes, and none by themselves.</summary>
    public bool IsCanary { get; init; }

    /// <summary>No duplicates, in ordinal order.</summary>
    public EquatableArray<HostContribution> Hosts { get; init; }

    /// <summary>In ordinal order of hosts; for a host the stronger claim first, then in order of <c>spec.tls</c>.</summary>
    public EquatableArray<TlsContribution> Tls { get; init; }

    /// <summary>The policies of its annotations, for its routes and, where they concern whole hosts, its hosts.</summary>
    public RoutePolicies Policies { get; init; } = RoutePolicies.None;

    /// <summary>True if it has <c>spec.tls</c>, valid or not.</summary>
    public bool HasTls { get; init; }

    /// <summary>Further names of its hosts, no duplicates.</summary>
    public EquatableArray<HostAlias> Aliases { get; init; }

    /// <summary>The Secrets that its annotations name, existing or not. A change of one makes the Ingress be read again.</summary>
    public EquatableArray<ResourceName> PolicySecrets { get; init; }

    /// <summary>The ConfigMaps that its annotations name, existing or not. A change of one makes the Ingress be read again.</summary>
    public EquatableArray<ResourceName> PolicyConfigMaps { get; init; }

    public EquatableArray<Diagnostic> Diagnostics { get; init; }

    /// <summary>All Secrets that it names, no duplicates.</summary>
    public IEnumerable<ResourceName> Secrets => Tls.Select(contribution => contribution.Secret).OfType<ResourceName>().Concat(PolicySecrets).Distinct();

    public IEnumerable<Route> AllRoutes => Hosts.SelectMany(host => host.Default is null ? host.Routes : host.Routes.Append(host.Default));

    /// <summary>The backends that it uses by itself, no duplicates. Those of a canary are used by the routes that it is merged into.</summary>
    public IEnumerable<BackendId> Backends =>
        IsCanary ? [] : AllRoutes.Select(route => route.Action).OfType<RouteAction.Forward>().SelectMany(action => action.OwnBackends)
            .Concat(Policies.All.Select(policy => policy.BackendUse?.Backend).OfType<BackendId>()).Distinct();

    // Both look-ups are binary searches: an Ingress may have tens of thousands of hosts, and each is looked up.
    public HostContribution? ForHost(string host)
    {
        var index = FirstAtOrAfter(Hosts, host, contribution => contribution.Host);
        return index < Hosts.Count && Hosts[index].Host == host ? Hosts[index] : null;
    }

    public IEnumerable<TlsContribution> TlsForHost(string host)
    {
        for (var i = FirstAtOrAfter(Tls, host, contribution => contribution.Host); i < Tls.Count && Tls[i].Host == host; i++)
            yield return Tls[i];
    }

    private static int FirstAtOrAfter<T>(EquatableArray<T> sorted, string host, Func<T, string> hostOf)
    {
        var (low, high) = (0, sorted.Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(hostOf(sorted[middle]), host) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>Older first.</summary>
    public static int CompareByAge(IngressFragment left, IngressFragment right)
    {
        var byAge = left.Created.CompareTo(right.Created);
        return byAge != 0 ? byAge : left.Name.CompareTo(right.Name);
    }
}

/// <summary>The routes of one Ingress for one host.</summary>
internal sealed record HostContribution(string Host, EquatableArray<Route> Routes, Route? Default);

/// <summary>A certificate that one Ingress wants for one host.</summary>
/// <param name="Host">The host, exact or wildcard.</param>
/// <param name="Secret">The Secret in the Ingress's namespace; null asks for the default certificate.</param>
/// <param name="Entry">The index in <c>spec.tls</c>.</param>
/// <param name="Claim">The strength of the claim to the host.</param>
internal sealed record TlsContribution(string Host, ResourceName? Secret, int Entry, TlsClaim Claim);

/// <summary>The strength of a claim to a host: an Ingress that routes it takes precedence over one that only lists it.</summary>
internal enum TlsClaim
{
    /// <summary>The host is in <c>tls[].hosts</c>, or that list is empty, and it has a rule in the same Ingress.</summary>
    ListedAndRouted,

    /// <summary>The host has a rule only; the certificate is used if it covers the host.</summary>
    Routed,

    /// <summary>The host is in <c>tls[].hosts</c> only.</summary>
    Listed,
}
