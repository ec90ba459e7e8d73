using IngressController.Routing.Annotations;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Redirects;

/// <summary>Redirects clients to https, to another URL, to the application's root, or to the name without www.</summary>
public static class RedirectsFeature
{
    public static AnnotationKey<bool> SslRedirect { get; } = new()
    {
        Name = "ssl-redirect",
        Form = ValueForms.Boolean,
        DefaultSetting = new("ssl-redirect", "true"),
        Documentation = "Redirects http requests to https (status: the setting http-redirect-code, 308) if the host has a certificate: if any Ingress "
            + "with a rule for it has spec.tls, whether or not its Secret is valid, or if a wildcard host above it has. Never for rules without a "
            + "host. The location has no port, and one trailing slash is removed unless preserve-trailing-slash is true. Rules whose path begins with "
            + "one of the setting no-tls-redirect-locations stay on http.",
    };

    public static AnnotationKey<bool> ForceSslRedirect { get; } = new()
    {
        Name = "force-ssl-redirect",
        Difference = "X-Forwarded-Proto is read from the networks of proxy-real-ip-cidr only, and none is trusted by default.",
        Form = ValueForms.Boolean,
        DefaultSetting = new("force-ssl-redirect", "false"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Redirects http requests to https even if the host has no certificate here, because something in front of the proxy "
            + "terminates TLS. The client's scheme is taken from X-Forwarded-Proto of trusted proxies only (settings use-forwarded-headers and "
            + "proxy-real-ip-cidr).",
    };

    public static AnnotationKey<bool> PreserveTrailingSlash { get; } = new()
    {
        Name = "preserve-trailing-slash",
        Form = ValueForms.Boolean,
        DefaultSetting = new("preserve-trailing-slash", "false"),
        Documentation = "Keeps the trailing slash of the path in the location of ssl-redirect and force-ssl-redirect.",
    };

    public static AnnotationKey<bool> UsePortInRedirects { get; } = new()
    {
        Name = "use-port-in-redirects",
        Form = ValueForms.Boolean,
        DefaultSetting = new("use-port-in-redirects", "false"),
        Documentation = "Adds the port of --https-port to the location of ssl-redirect and force-ssl-redirect.",
    };

    public static AnnotationKey<bool> RelativeRedirects { get; } = new()
    {
        Name = "relative-redirects",
        Form = ValueForms.Boolean,
        DefaultSetting = new("relative-redirects", "false"),
        Documentation = "Omits scheme and host from the location of app-root.",
    };

    public static AnnotationKey<ValueTemplate> AppRoot { get; } = new()
    {
        Name = "app-root",
        Form = new("an absolute path; may contain variables such as $is_args$args", ReadPath),
        Scope = AnnotationScope.Host,
        Documentation = "Redirects requests for exactly / of the host to this path, with 302 and before everything else, even if no rule has that path. "
            + "The query of the request is not added; $is_args$args carries it.",
    };

    public static AnnotationKey<ValueTemplate> PermanentRedirect { get; } = new()
    {
        Name = "permanent-redirect",
        Difference = "The URL can contain variables such as $request_uri, which ingress-nginx refuses since 1.12.",
        Form = LocationForm,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Redirects every request of the Ingress to this URL (status: permanent-redirect-code). Path and query of the request are not "
            + "added; the variables $request_uri, $uri, $args, $host and the like can carry them, and $1 to $9 are the groups of a path that is a "
            + "regular expression (use-regex). It applies before access control and limits, and to every path of a rule that has a host alone.",
    };

    public static AnnotationKey<int> PermanentRedirectCode { get; } = new()
    {
        Name = "permanent-redirect-code",
        Form = ValueForms.Integer(300, 308),
        Default = "301",
        Documentation = "The status of permanent-redirect.",
    };

    public static AnnotationKey<ValueTemplate> TemporalRedirect { get; } = new()
    {
        Name = "temporal-redirect",
        Difference = "The URL can contain variables such as $request_uri, which ingress-nginx refuses since 1.12.",
        Form = LocationForm,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Like permanent-redirect, with the status of temporal-redirect-code; it takes precedence over permanent-redirect.",
    };

    public static AnnotationKey<int> TemporalRedirectCode { get; } = new()
    {
        Name = "temporal-redirect-code",
        Form = ValueForms.Integer(300, 307),
        Default = "302",
        Documentation = "The status of temporal-redirect.",
    };

    public static AnnotationKey<bool> FromToWwwRedirect { get; } = new()
    {
        Name = "from-to-www-redirect",
        Form = ValueForms.Boolean,
        Default = "false",
        Scope = AnnotationScope.Host,
        Documentation = "Redirects www.HOST to HOST, or HOST to www.HOST if the rule's host begins with www., with the status of the setting "
            + "http-redirect-code (308). A name that is the host of a rule is not redirected. For https, the certificate must cover both names.",
    };

    private static ValueForm<ValueTemplate> LocationForm => new("a URL or an absolute path; may contain variables", ReadLocation);

    public static RouteFeature Feature { get; } = new("Redirects",
        [
            SslRedirect, ForceSslRedirect, PreserveTrailingSlash, UsePortInRedirects, RelativeRedirects, AppRoot, PermanentRedirect, PermanentRedirectCode,
            TemporalRedirect, TemporalRedirectCode, FromToWwwRedirect,
        ],
        Read)
    {
        Settings = RedirectSettings.Keys,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var (annotations, settings) = (context.Annotations, context.Settings.Get<RedirectSettings>());
        if (ReadRedirect(annotations) is { } redirect)
            yield return redirect;

        var isForced = annotations.Read(ForceSslRedirect, settings.ForceSslRedirect);
        var isAsked = annotations.Read(SslRedirect, settings.SslRedirect);
        var (preserves, usesPort) = (annotations.Read(PreserveTrailingSlash, settings.PreserveTrailingSlash), annotations.Read(UsePortInRedirects, settings.UsePortInRedirects));
        if (isForced || isAsked)
            yield return new TlsRedirectPolicy(isForced, settings.HttpRedirectCode, preserves, usesPort, settings.NoTlsRedirectLocations);

        var isRelative = annotations.Read(RelativeRedirects, settings.RelativeRedirects);
        if (annotations.TryRead(AppRoot, out var path))
            yield return new AppRootPolicy(path, isRelative);
        if (annotations.Read(FromToWwwRedirect, false))
            yield return new WwwRedirectPolicy(settings.HttpRedirectCode);
    }

    private static RedirectPolicy? ReadRedirect(AnnotationReader annotations)
    {
        var permanentStatus = annotations.Read(PermanentRedirectCode, 301);
        var temporalStatus = annotations.Read(TemporalRedirectCode, 302);
        var isPermanent = annotations.TryRead(PermanentRedirect, out var permanent);
        if (annotations.TryRead(TemporalRedirect, out var temporal))
            return new RedirectPolicy(temporal, temporalStatus) { Annotation = TemporalRedirect.Name };
        return isPermanent ? new RedirectPolicy(permanent, permanentStatus) : null;
    }

    private static Parsed<ValueTemplate> ReadPath(string text) =>
        text[0] != '/' || text.StartsWith("//", StringComparison.Ordinal) ? ValueForm<ValueTemplate>.Refuse("is not an absolute path such as /app")
        : text.Any(c => c is <= ' ' or >= '\x7F' or '\\' or '"' or '<' or '>') ? ValueForm<ValueTemplate>.Refuse("contains a character that must be percent-encoded")
        : ValueTemplate.TryParse(text, TemplatePlace.AppRoot, out var template, out var problem) ? template
        : ValueForm<ValueTemplate>.Refuse(problem);

    private static Parsed<ValueTemplate> ReadLocation(string text)
    {
        if (text.Any(c => c is <= ' ' or >= '\x7F' or '\\' or '"' or '<' or '>'))
            return ValueForm<ValueTemplate>.Refuse("contains a character that must be percent-encoded");
        if (!ValueTemplate.TryParse(text, TemplatePlace.Redirect, out var template, out var problem))
            return ValueForm<ValueTemplate>.Refuse(problem);
        // A location that begins with a variable would let the client choose the target.
        var isUrl = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("$scheme://", StringComparison.Ordinal);
        var isPath = text[0] == '/' && !text.StartsWith("//", StringComparison.Ordinal);
        return isUrl || isPath ? template : ValueForm<ValueTemplate>.Refuse("is neither an http:// or https:// URL nor an absolute path");
    }
}
