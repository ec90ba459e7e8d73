using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>Changes headers of requests and responses.</summary>
public static class HeadersFeature
{
    private const string ChangesHelp =
        "A mapping with set (names and values, in place of what is there), add (names and values, besides what is there) and remove (a list of names), in "
        + "YAML or JSON. It may take away what a client or a backend must not say, so when it cannot be understood the paths of the Ingress answer 503. "
        + "Values are printable ASCII; headers of the connection cannot be changed";

    /// <summary>off, default, or a text without variables.</summary>
    internal static ValueForm<string> RedirectForm { get; } = new("off, default, or the beginning of a URL", text =>
        text.Contains('$') ? ValueForm<string>.Refuse("holds $: variables are not supported")
        : text[0] == '~' ? ValueForm<string>.Refuse("is a pattern, and only beginnings of URLs are supported")
        : text.Any(c => c is < '!' or > '~' or '"' or '\'' or ';' or '<' or '>' or '\\') ? ValueForm<string>.Refuse("holds a character that no URL has")
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
        Documentation = $"Changes the headers of every response, whatever its status and also those that the proxy gives itself. {ChangesHelp}.",
    };

    public static AnnotationKey<string> CustomHeaders { get; } = new()
    {
        Name = "custom-headers",
        Form = ValueForms.Text,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "A ConfigMap in the namespace of the Ingress, NAME or NAMESPACE/NAME, whose entries every response gets as headers, in place of the "
            + "backend's. Each name must be listed in the setting global-allowed-response-headers. When the ConfigMap does not exist or holds another name, "
            + "the paths of the Ingress answer 503. response-headers does the same without a ConfigMap.",
    };

    public static AnnotationKey<CookieRule?> CookieDomain { get; } = new()
    {
        Name = "proxy-cookie-domain",
        Form = CookieRule.DomainForm,
        Default = "the setting of the same name, off",
        Documentation = "off, or a domain and its replacement: rewrites the Domain of cookies that the backend sets. Case and a dot in front do not count. "
            + "~ begins a regular expression, whose groups are $1 to $9 in the replacement; it may match anywhere, and the whole value is replaced.",
    };

    public static AnnotationKey<CookieRule?> CookiePath { get; } = new()
    {
        Name = "proxy-cookie-path",
        Form = CookieRule.PathForm,
        Default = "the setting of the same name, off",
        Documentation = "off, or the beginning of a path and its replacement: rewrites the Path of cookies that the backend sets. ~ begins a regular "
            + "expression and ~* one without regard to case, whose groups are $1 to $9 in the replacement; the whole value is replaced.",
    };

    public static AnnotationKey<string> RedirectFrom { get; } = new()
    {
        Name = "proxy-redirect-from",
        Form = RedirectForm,
        Default = "the setting of the same name, off",
        Documentation = "What the backend's Location and Refresh headers must begin with to be rewritten; proxy-redirect-to says to what, and both are needed. "
            + "default rewrites nothing, as the backend sees the client's Host.",
    };

    public static AnnotationKey<string> RedirectTo { get; } = new()
    {
        Name = "proxy-redirect-to",
        Form = RedirectForm,
        Default = "the setting of the same name, off",
        Documentation = "What stands in place of proxy-redirect-from.",
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
            annotations.Report(RedirectFrom, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "proxy-redirect-to is needed too"));
        else if (IsUrl(to) && annotations.IsSet(RedirectTo))
            annotations.Report(RedirectTo, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "proxy-redirect-from is needed too"));
    }

    private static bool IsUrl(string value) => value is not ("off" or "default");

    private static EquatableArray<HeaderField>? ReadConfigMap(PolicyContext context, string text)
    {
        var name = text.Contains('/')
            ? ResourceName.TryParse(text, out var full) ? full : (ResourceName?)null
            : context.Ingress with { Name = text };
        if (name is not { } configMap || configMap.Namespace != context.Ingress.Namespace)
        {
            context.Annotations.Refuse(CustomHeaders, name is null ? "is neither NAME nor NAMESPACE/NAME" : "is in another namespace; ConfigMaps come from the Ingress's own");
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
            if ((problem ??= HeaderSyntax.ValueProblem(value?.Trim() ?? "") is { } ofValue ? $"has a value that {ofValue}" : null) is null)
            {
                fields.Add(new HeaderField(header, value!.Trim()));
                continue;
            }

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
