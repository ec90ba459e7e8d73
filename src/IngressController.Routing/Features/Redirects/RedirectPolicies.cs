using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Redirects;

/// <summary>Every request is sent elsewhere.</summary>
/// <param name="Location">Where.</param>
/// <param name="Status">From 300 to 308.</param>
public sealed record RedirectPolicy(ValueTemplate Location, int Status) : RoutePolicy
{
    internal override bool AppliesToDefaultBackend => false;
}

/// <summary>Requests by http are sent to https.</summary>
/// <param name="IsForced">Also where the host has no certificate of its own; else only where it has.</param>
/// <param name="Status">301, 302, 307 or 308.</param>
/// <param name="PreservesTrailingSlash">Whether a path keeps its final slash.</param>
/// <param name="UsesPort">Whether the port this process serves https on is written into the location.</param>
/// <param name="Exempt">Paths of rules, as they begin, that are served by http as well.</param>
public sealed record TlsRedirectPolicy(bool IsForced, int Status, bool PreservesTrailingSlash, bool UsesPort, EquatableArray<string> Exempt) : RoutePolicy
{
    internal override bool AppliesToDefaultBackend => false;
}

/// <summary>The root of the whole host is sent to a path of it.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsRelative">Whether scheme and host are left out of the location.</param>
public sealed record AppRootPolicy(string Path, bool IsRelative) : RoutePolicy
{
    internal override RootAction RootAction => new(new RouteAction.Redirect(302, Host: null, Path), RedirectsFeature.AppRoot.Name);
}

/// <summary>The twin of each host, with or without <c>www.</c>, is sent to the host.</summary>
public sealed record WwwRedirectPolicy(int Status) : RoutePolicy
{
    private const string Www = "www.";

    internal override IEnumerable<HostAlias> AliasesOf(ResourceName ingress, IReadOnlyList<string> hosts) =>
        hosts.Where(host => host[0] != '*').Select(host => new HostAlias(
            host.StartsWith(Www, StringComparison.Ordinal) ? host[Www.Length..] : Www + host, host, Status, ingress, RedirectsFeature.FromToWwwRedirect.Name));
}
