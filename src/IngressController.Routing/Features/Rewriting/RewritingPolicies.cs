using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Rewriting;

/// <summary>The path that the backend gets, for rules whose path differs from the target as written.</summary>
/// <param name="Target">A path with groups of the path's regular expression.</param>
/// <param name="Text">The target as written.</param>
public sealed record RewritePolicy(ValueTemplate Target, string Text) : RoutePolicy
{
    internal override GroupUse? GroupUse => GroupUse.Of(Target, RewritingFeature.RewriteTarget.Name);

    internal override bool AnswersEveryRequest => RedirectsToUrl();

    internal override bool AppliesToDefaultBackend => false;

    internal override bool MakesRegex(string path) => path != Text;

    /// <summary>True if requests are redirected to the target, as nginx does if it is a URL.</summary>
    public bool RedirectsToUrl() => IsUrl(Text);

    internal static bool IsUrl(string target) =>
        target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("$scheme://", StringComparison.Ordinal);
}

/// <summary>Makes the paths of the Ingress regular expressions, and with them all paths of its hosts.</summary>
public sealed record RegexPathsPolicy : RoutePolicy
{
    internal override bool MakesRegex(string path) => true;
}

/// <summary>The X-Forwarded-Prefix of requests whose path is rewritten.</summary>
public sealed record ForwardedPrefixPolicy(ValueTemplate Prefix) : RoutePolicy
{
    internal override GroupUse? GroupUse => GroupUse.Of(Prefix, RewritingFeature.XForwardedPrefix.Name);
}

/// <summary>The Host that the backend gets in place of the client's.</summary>
public sealed record UpstreamHostPolicy(ValueTemplate Host) : RoutePolicy
{
    internal override GroupUse? GroupUse => GroupUse.Of(Host, RewritingFeature.UpstreamVhost.Name);
}

/// <summary>Further names of the Ingress's first host.</summary>
/// <param name="Names">Names, <c>*.example.com</c> for any depth below a name, <c>~</c> before a regular expression.</param>
public sealed record ServerAliasPolicy(EquatableArray<string> Names) : RoutePolicy
{
    internal override IEnumerable<HostAlias> AliasesOf(ResourceName ingress, IReadOnlyList<string> hosts) =>
        hosts.Count == 0 ? [] : Names.Select(name => new HostAlias(name, hosts[0], Redirect: null, ingress, RewritingFeature.ServerAlias.Name));
}
