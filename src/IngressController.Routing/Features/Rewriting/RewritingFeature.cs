using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Expressions;
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
        Form = new("a path, or a URL; $1 to $9 are capture groups", ReadTarget),
        Documentation = "The path that the backend gets. It replaces the whole path, not only the part that the rule matches: with the rule "
            + "/something and the target / the backend gets / for /something/new. $1 to $9 are the groups of the rule's path, which is a regular "
            + "expression: /something(/|$)(.*) with /$2 keeps the rest. The query is kept. The decoded, normalized path is rewritten, and the result "
            + "is encoded again. A target that equals the rule's path does nothing. A target that starts with http://, https:// or $scheme:// "
            + "redirects to that URL with 302; the query is added, unless the target ends with a question mark. It has the effect of use-regex.",
    };

    public static AnnotationKey<bool> UseRegex { get; } = new()
    {
        Name = "use-regex",
        Difference = "A path with a construct of PCRE that is not supported answers 503. A diagnostic names the Ingress that switches the others of its host.",
        Form = ValueForms.Boolean,
        Default = "false",
        Scope = AnnotationScope.Host,
        Documentation = "Treats the paths of the rules as regular expressions. As in ingress-nginx, this applies to the whole host: all its paths, "
            + "including those of other Ingresses and Exact ones, are then matched from their start, case-insensitive and not to their end; the "
            + "longest path as it is written is tried first, and the first match applies. Expressions are those of PCRE, as in nginx; a path with "
            + "a construct that is not supported answers 503, as do all that begin like it. A diagnostic reports an Ingress whose paths change their "
            + "meaning because of another one.",
    };

    public static AnnotationKey<ValueTemplate> XForwardedPrefix { get; } = new()
    {
        Name = "x-forwarded-prefix",
        Form = TemplateForm("text; $1 to $9 are capture groups", TemplatePlace.ForwardedPrefix),
        Documentation = "Sets the header X-Forwarded-Prefix of requests whose path rewrite-target changes.",
    };

    public static AnnotationKey<ValueTemplate> UpstreamVhost { get; } = new()
    {
        Name = "upstream-vhost",
        Form = TemplateForm("a host; may contain variables, and $1 to $9 for capture groups", TemplatePlace.UpstreamHost),
        Default = "the client's Host",
        Documentation = "The Host header that the backend gets. X-Forwarded-Host stays as the client sent it.",
    };

    public static AnnotationKey<EquatableArray<string>> ServerAlias { get; } = new()
    {
        Name = "server-alias",
        Difference = "At most 20 regular expressions.",
        Form = ValueForms.List,
        Scope = AnnotationScope.Host,
        Documentation = "More names for the Ingress's first host: plain names, *.example.com for all names below one at any depth, or ~ and a regular "
            + "expression (at most 20). Only plain names take precedence over another Ingress's wildcard host. A name that is the host of a rule is "
            + "ignored; of several Ingresses with the same alias, the oldest takes precedence. An alias is redirected to https like the host, and the "
            + "host's certificate is served for an alias that it covers.",
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
                reason = $"exceeds the limit of {MaxPatterns} regular expressions, which are evaluated for every unknown host";
            else if (alias[0] == '~')
                _ = Expression.TryParseEntry(alias[1..].TrimStart('*'), ignoresCase: true, out reason);
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
        if (RewritePolicy.IsUrl(text))
            return ReadUrl(text);
        if (!text.All(c => char.IsAsciiLetterOrDigit(c) || "_-.~/:${}".Contains(c)))
            return ValueForm<RewritePolicy>.Refuse("contains a character other than letters, digits and _-.~/:${} (the query is always kept)");
        if (text[0] is not ('/' or '$'))
            return ValueForm<RewritePolicy>.Refuse("does not start with a slash or a capture group");
        return ReadTemplate(text);
    }

    private static Parsed<RewritePolicy> ReadUrl(string text) =>
        !text.All(c => char.IsAsciiLetterOrDigit(c) || "_-.~/:${}?=&%+,@".Contains(c)) ? ValueForm<RewritePolicy>.Refuse("contains a character other than letters, digits and _-.~/:${}?=&%+,@")
        : text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..] is not [not ('/' or '?'), ..] ? ValueForm<RewritePolicy>.Refuse("has no host")
        : ReadTemplate(text);

    private static Parsed<RewritePolicy> ReadTemplate(string text) => ValueTemplate.TryParse(text, TemplatePlace.Rewrite, out var template, out var problem)
        ? new RewritePolicy(template, text)
        : ValueForm<RewritePolicy>.Refuse(problem);

    private static ValueForm<ValueTemplate> TemplateForm(string description, TemplatePlace place) => new(description, text =>
        !text.All(c => c is > ' ' and < '\x7F') ? ValueForm<ValueTemplate>.Refuse("contains a space or a character that is not printable ASCII")
        : ValueTemplate.TryParse(text, place, out var template, out var problem) ? template
        : ValueForm<ValueTemplate>.Refuse(problem));
}
