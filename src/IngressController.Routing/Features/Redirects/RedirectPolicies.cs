using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Redirects;

/// <summary>Redirects every request.</summary>
/// <param name="Location">The target.</param>
/// <param name="Status">From 300 to 308.</param>
public sealed record RedirectPolicy(ValueTemplate Location, int Status) : RoutePolicy
{
    internal string Annotation { get; init; } = RedirectsFeature.PermanentRedirect.Name;

    internal override GroupUse? GroupUse => GroupUse.Of(Location, Annotation);

    internal override bool AnswersEveryRequest => true;

    internal override bool AppliesToDefaultBackend => false;
}

/// <summary>Redirects http requests to https.</summary>
/// <param name="IsForced">True if it applies even where the host has no certificate of its own.</param>
/// <param name="Status">301, 302, 307 or 308.</param>
/// <param name="PreservesTrailingSlash">True if a path keeps its final slash.</param>
/// <param name="UsesPort">True if the location has the port on which this process serves https.</param>
/// <param name="Exempt">Prefixes of rules' paths that are served by http as well.</param>
public sealed record TlsRedirectPolicy(bool IsForced, int Status, bool PreservesTrailingSlash, bool UsesPort, EquatableArray<string> Exempt) : RoutePolicy
{
    internal override bool RedirectsToTls => true;

    internal override bool AppliesToDefaultBackend => false;
}

/// <summary>Redirects the root of the whole host to a path of it.</summary>
/// <param name="Path">The path.</param>
/// <param name="IsRelative">True if the location has no scheme and host.</param>
public sealed record AppRootPolicy(ValueTemplate Path, bool IsRelative) : RoutePolicy
{
    internal override RootAction RootAction => new(new RouteAction.Redirect(302, Host: null, Path.ToString()), RedirectsFeature.AppRoot.Name);
}

/// <summary>Redirects the twin of each host, with or without <c>www.</c>, to the host.</summary>
public sealed record WwwRedirectPolicy(int Status) : RoutePolicy
{
    private const string Www = "www.";

    internal override IEnumerable<HostAlias> AliasesOf(ResourceName ingress, IReadOnlyList<string> hosts) =>
        hosts.Where(host => host[0] != '*').Select(host => new HostAlias(
            host.StartsWith(Www, StringComparison.Ordinal) ? host[Www.Length..] : Www + host, host, Status, ingress, RedirectsFeature.FromToWwwRedirect.Name));
}
