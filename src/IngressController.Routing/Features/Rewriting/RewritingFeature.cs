using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Rewriting;

/// <summary>Rewrites paths and hosts, and makes paths regular expressions.</summary>
public static class RewritingFeature
{
    /// <summary>Every request for an unknown host is compared with all of them, so the number per Ingress is limited.</summary>
    private const int MaxPatterns = 20;

    public static AnnotationKey<RewritePolicy> RewriteTarget { get; } = new()
    {
        Name = "rewrite-target",
        Form = new("a path, with $1 to $9 for groups", ReadTarget),
        Documentation = "The path that the backend gets. It takes the place of the whole path, not only of what the rule matches: with the rule /something and the target / "
            + "the backend gets / for /something/new. $1 to $9 are the groups of the rule's path, which is a regular expression: /something(/|$)(.*) with /$2 keeps "
            + "the rest. The query stays. It works on the decoded, normalized path and encodes the result anew. A target that equals the rule's path does nothing. "
            + "It has the effect of use-regex.",
    };

    public static AnnotationKey<bool> UseRegex { get; } = new()
    {
        Name = "use-regex",
        Form = ValueForms.Boolean,
        Default = "false",
        Scope = AnnotationScope.Host,
        Documentation = "Makes the paths of the rules regular expressions. As in ingress-nginx this is for the whole host: all its paths, those of other Ingresses and "
            + "Exact ones too, are then compared from their start, without regard to case and not to their end; the longest path as it is written is tried first, and "
            + "the first that matches counts. An Ingress whose paths change their meaning by another one is told so.",
    };

    public static AnnotationKey<ValueTemplate> XForwardedPrefix { get; } = new()
    {
        Name = "x-forwarded-prefix",
        Form = TemplateForm("a text, with $1 to $9 for groups"),
        Documentation = "Sets the header X-Forwarded-Prefix of requests whose path rewrite-target changes.",
    };

    public static AnnotationKey<ValueTemplate> UpstreamVhost { get; } = new()
    {
        Name = "upstream-vhost",
        Form = TemplateForm("a host, variables allowed"),
        Default = "the client's Host",
        Documentation = "The Host header that the backend gets. X-Forwarded-Host stays what the client sent.",
    };

    public static AnnotationKey<EquatableArray<string>> ServerAlias { get; } = new()
    {
        Name = "server-alias",
        Form = ValueForms.List,
        Scope = AnnotationScope.Host,
        Documentation = "Further names under which the Ingress's first host is served: names, *.example.com for all names below one at any depth, or ~ and a regular "
            + "expression, of which there may be 20. Of these only plain names go before another Ingress's wildcard host. A name that is a host of its own is left out; of several Ingresses with the same alias the oldest has it. The host's certificate is served for "
            + "an alias that it covers.",
    };

    public static RouteFeature Feature { get; } = new("Paths and hosts", [RewriteTarget, UseRegex, XForwardedPrefix, UpstreamVhost, ServerAlias], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        var rewrites = annotations.TryRead(RewriteTarget, out var rewrite);
        if (rewrites)
            yield return rewrite;
        if (annotations.Read(UseRegex, false))
            yield return new RegexPathsPolicy();

        if (annotations.TryRead(XForwardedPrefix, out var prefix))
        {
            if (rewrites)
                yield return new ForwardedPrefixPolicy(prefix);
            else
                annotations.Report(XForwardedPrefix, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "rewrite-target is not set"));
        }

        if (annotations.TryRead(UpstreamVhost, out var host))
            yield return new UpstreamHostPolicy(host);
        if (annotations.TryRead(ServerAlias, out var aliases) && ReadAliases(annotations, aliases) is { Count: > 0 } names)
            yield return new ServerAliasPolicy(names);
    }

    private static EquatableArray<string> ReadAliases(AnnotationReader annotations, EquatableArray<string> aliases)
    {
        var names = new List<string>();
        var patterns = 0;
        foreach (var alias in aliases)
        {
            var name = alias;
            var reason = "";
            if (alias[0] == '~' && ++patterns > MaxPatterns)
                reason = $"is one regular expression too many: at most {MaxPatterns} are asked, as they are for every unknown host";
            else if (alias[0] == '~')
                _ = PathPattern.TryCreate(alias[1..].TrimStart('*'), out reason);
            else
                name = HostName.Normalize(alias, out reason) ?? "";
            if (reason.Length == 0)
                names.Add(name);
            else
                annotations.Report(ServerAlias, (ingress, field) => DiagnosticCatalog.ServerAliasTaken(ingress, field, alias, reason));
        }

        return [.. names.Distinct()];
    }

    private static Parsed<RewritePolicy> ReadTarget(string text)
    {
        if (!text.All(c => char.IsAsciiLetterOrDigit(c) || "_-.~/:${}".Contains(c)))
            return ValueForm<RewritePolicy>.Refuse("is no path of letters, digits and _-.~/:$; the query stays by itself");
        if (text[0] is not ('/' or '$'))
            return ValueForm<RewritePolicy>.Refuse("does not start with a slash or a group");
        return ValueTemplate.TryParse(text, out var template, out var problem)
            ? new RewritePolicy(template, text)
            : ValueForm<RewritePolicy>.Refuse(problem);
    }

    private static ValueForm<ValueTemplate> TemplateForm(string description) => new(description, text =>
        !text.All(c => c is > ' ' and < '\x7F') ? ValueForm<ValueTemplate>.Refuse("holds a space or a character outside ASCII")
        : ValueTemplate.TryParse(text, out var template, out var problem) ? template
        : ValueForm<ValueTemplate>.Refuse(problem));
}
