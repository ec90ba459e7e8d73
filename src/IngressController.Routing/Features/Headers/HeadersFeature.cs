using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>Changes headers of requests and responses.</summary>
public static class HeadersFeature
{
    private const string ChangesHelp =
        "A map with set (names and values that replace existing ones), add (names and values in addition to existing ones) and remove (a list of "
        + "names), in YAML or JSON. It may remove headers for security, so if it is invalid, the paths of the Ingress answer 503. Values are "
        + "printable ASCII and may contain variables; headers of the connection cannot be changed";

    /// <summary>off, default, or a text without variables.</summary>
    internal static ValueForm<string> RedirectForm { get; } = new("off, default, or a URL prefix", text =>
        text.Contains('$') ? ValueForm<string>.Refuse("contains $: variables are not supported")
        : text[0] == '~' ? ValueForm<string>.Refuse("is a regular expression; only URL prefixes are supported")
        : text.Any(c => c is < '!' or > '~' or '"' or '\'' or ';' or '<' or '>' or '\\') ? ValueForm<string>.Refuse("contains a character that is not allowed in a URL")
        : text);

    public static AnnotationKey<HeaderChanges> RequestHeaders { get; } = new()
    {
        Name = "request-headers",
        Form = HeaderChangesForm.Of(HeaderSyntax.RequestNameProblem),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = $"Changes the headers that the backend gets. {ChangesHelp}, nor Host, Proxy, CDN-Loop and those that tell where a request comes from.",
    };

    public static AnnotationKey<HeaderChanges> ResponseHeaders { get; } = new()
    {
        Name = "response-headers",
        Form = HeaderChangesForm.Of(HeaderSyntax.ResponseNameProblem),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = $"Changes the headers of every response, whatever its status, local replies included. {ChangesHelp}.",
    };

    public static AnnotationKey<string> CustomHeaders { get; } = new()
    {
        Name = "custom-headers",
        Difference = "A ConfigMap of another namespace is never allowed; ingress-nginx has a setting for it. Values can contain variables.",
        Form = ValueForms.Text,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "A ConfigMap in the namespace of the Ingress, NAME or NAMESPACE/NAME, whose entries are set as headers of every response, in "
            + "place of the backend's; values may contain variables. Each name must be listed in the setting global-allowed-response-headers. If the ConfigMap does not exist or "
            + "contains another name, the paths of the Ingress answer 503. response-headers does the same without a ConfigMap.",
    };

    public static AnnotationKey<CookieRule?> CookieDomain { get; } = new()
    {
        Name = "proxy-cookie-domain",
        Form = CookieRule.DomainForm,
        DefaultSetting = new("proxy-cookie-domain", "off"),
        Documentation = "Rewrites the Domain of cookies that the backend sets: off, or a domain and its replacement. Case and a leading dot are "
            + "ignored. ~ starts a regular expression, whose groups are $1 to $9 in the replacement; it may match anywhere, and the whole value is "
            + "replaced.",
    };

    public static AnnotationKey<CookieRule?> CookiePath { get; } = new()
    {
        Name = "proxy-cookie-path",
        Form = CookieRule.PathForm,
        DefaultSetting = new("proxy-cookie-path", "off"),
        Documentation = "Rewrites the Path of cookies that the backend sets: off, or a path prefix and its replacement. ~ starts a regular expression "
            + "and ~* a case-insensitive one, whose groups are $1 to $9 in the replacement; the whole value is replaced.",
    };

    public static AnnotationKey<string> RedirectFrom { get; } = new()
    {
        Name = "proxy-redirect-from",
        Difference = "Variables and regular expressions are not supported.",
        Form = RedirectForm,
        DefaultSetting = new("proxy-redirect-from", "off"),
        Documentation = "The prefix of the backend's Location and Refresh headers that is rewritten; proxy-redirect-to is its replacement, and both "
            + "are needed. default rewrites nothing, because the backend gets the client's Host.",
    };

    public static AnnotationKey<string> RedirectTo { get; } = new()
    {
        Name = "proxy-redirect-to",
        Form = RedirectForm,
        DefaultSetting = new("proxy-redirect-to", "off"),
        Documentation = "The replacement for proxy-redirect-from.",
    };

    public static RouteFeature Feature { get; } = new(
        "Headers", [RequestHeaders, ResponseHeaders, CustomHeaders, CookieDomain, CookiePath, RedirectFrom, RedirectTo], Read)
    {
        Settings = HeaderSettings.Keys,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.TryRead(RequestHeaders, out var request))
            yield return new RequestHeadersPolicy(request);
        if (annotations.TryRead(CustomHeaders, out var name) && ReadConfigMap(context, name) is { } fields)
            yield return new CustomHeadersPolicy(fields);
        if (annotations.TryRead(ResponseHeaders, out var response))
            yield return new ResponseHeadersPolicy(response);

        var settings = context.Settings.Get<HeaderSettings>();
        var domain = annotations.Read(CookieDomain, settings.ProxyCookieDomain);
        var path = annotations.Read(CookiePath, settings.ProxyCookiePath);
        if (domain is not null || path is not null)
            yield return new CookieRewritePolicy(domain, path);

        var from = annotations.Read(RedirectFrom, settings.ProxyRedirectFrom);
        var to = annotations.Read(RedirectTo, settings.ProxyRedirectTo);
        if (IsUrl(from) && IsUrl(to))
            yield return new RedirectRewritePolicy(from, to);
        else if (IsUrl(from) && annotations.IsSet(RedirectFrom))
            annotations.Report(RedirectFrom, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "it needs proxy-redirect-to as well"));
        else if (IsUrl(to) && annotations.IsSet(RedirectTo))
            annotations.Report(RedirectTo, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "it needs proxy-redirect-from as well"));
    }

    private static bool IsUrl(string value) => value is not ("off" or "default");

    private static EquatableArray<HeaderField>? ReadConfigMap(PolicyContext context, string text)
    {
        var name = text.Contains('/')
            ? ResourceName.TryParse(text, out var full) ? full : (ResourceName?)null
            : context.Ingress with { Name = text };
        if (name is not { } configMap || configMap.Namespace != context.Ingress.Namespace)
        {
            context.Annotations.Refuse(CustomHeaders, name is null ? "is neither NAME nor NAMESPACE/NAME" : $"is in another namespace; use a ConfigMap in namespace {context.Ingress.Namespace}");
            return null;
        }

        if (context.FindConfigMap(configMap) is not { } found)
        {
            context.Annotations.Report(CustomHeaders, (ingress, field) => DiagnosticCatalog.PolicyConfigMapNotFound(ingress, field, configMap));
            context.Close($"ConfigMap {configMap} does not exist");
            return null;
        }

        var fields = new List<HeaderField>();
        var isGood = true;
        foreach (var (header, value) in found.SortedData)
        {
            var problem = HeaderSyntax.ResponseNameProblem(header) ?? NotAllowed(context, header);
            if (HeaderSyntax.ReadValue(value?.Trim() ?? "", out var ofValue) is { } template && problem is null)
            {
                fields.Add(new HeaderField(header, template));
                continue;
            }

            problem ??= $"has a value that {ofValue}";

            isGood = false;
            context.Annotations.Report(CustomHeaders, (ingress, field) =>
                DiagnosticCatalog.PolicyConfigMapInvalid(ingress, field, configMap, $"\"{DiagnosticText.Shorten(header)}\" {problem}", closes: true));
        }

        if (isGood)
            return [.. fields];
        context.Close($"ConfigMap {configMap} cannot be used");
        return null;
    }

    private static string? NotAllowed(PolicyContext context, string header) =>
        context.Settings.Get<HeaderSettings>().GlobalAllowedResponseHeaders.Contains(header, StringComparer.OrdinalIgnoreCase)
            ? null
            : "is not listed in the setting global-allowed-response-headers";
}
