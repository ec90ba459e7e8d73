using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Asks an authentication service about each request, by annotations or by settings.</summary>
public static class ExternalAuthFeature
{
    private const string InvalidIsClosed = "An invalid value answers 503; ingress-nginx serves the paths without authentication then.";

    public static AnnotationKey<AuthUrl> AuthUrl { get; } = Key("auth-url", AuthForms.Url, "the setting global-auth-url",
        "Asks the authentication service at this URL about each request, by GET, with the client's headers and without its body. A 2xx response "
        + "allows the request; 401 and 403 are passed on, 401 with the service's WWW-Authenticate; any other response, no response within 60 seconds "
        + "and a failed connection answer 500. The service gets X-Original-URL, X-Original-Method, X-Real-IP, X-Forwarded-For, "
        + "X-Auth-Request-Redirect, X-Request-ID and X-Sent-From. Names are resolved as absolute names; those that end with .svc are Services. "
        + "Loopback, link-local and metadata addresses are refused as for ExternalName Services, and https certificates are verified. Rules whose "
        + "path begins with one of the setting no-auth-locations are exempt.") with
    {
        IsAccessCheck = true,
        Difference = "Loopback, link-local and metadata addresses are refused, and certificates are verified.",
    };

    public static AnnotationKey<string> AuthMethod { get; } = Key("auth-method", AuthForms.Method, "GET",
        "The method of the request to auth-url. If it is set, the service also gets X-Original-URI and X-Scheme.");

    public static AnnotationKey<ValueTemplate> AuthSignin { get; } = Key("auth-signin", AuthForms.SignIn, "the response is 401",
        "Redirects clients to this page, with 302, instead of answering 401. The page gets the original URL in its query parameter rd "
        + "(auth-signin-redirect-param), unless its query already has that parameter. The cookies of the service's response are set.", OnBadValue.UseDefault);

    public static AnnotationKey<string> AuthSigninRedirectParam { get; } = Key("auth-signin-redirect-param", AuthForms.QueryParameter, "rd",
        "The query parameter of auth-signin that holds the original URL.", OnBadValue.UseDefault);

    public static AnnotationKey<EquatableArray<string>> AuthResponseHeaders { get; } = Key("auth-response-headers", AuthForms.ResponseHeaders, null,
        "Headers of the service's response that the backend gets in place of the client's. A listed header that is missing from the response is "
        + "removed from the request, in any spelling. Headers of the connection, of the body, Host and those by which the proxy tells where a "
        + "request comes from (such as X-Forwarded-For) cannot be listed; X-Forwarded-User and its like can.");

    public static AnnotationKey<ResourceName> AuthProxySetHeaders { get; } = Key("auth-proxy-set-headers", ValueForms.OwnObject("ConfigMap"), null,
        "A ConfigMap in the namespace of the Ingress with headers for the service. Their values may contain variables such as $host. An empty value "
        + "removes the client's header. While the ConfigMap does not exist, the paths answer 503.") with
    {
        Difference = "A ConfigMap of another namespace is never allowed; ingress-nginx has a setting for it.",
    };

    public static AnnotationKey<ValueTemplate> AuthRequestRedirect { get; } = Key("auth-request-redirect", AuthForms.Template, "$request_uri",
        "The value of X-Auth-Request-Redirect in the request to the service.") with
    {
        Difference = InvalidIsClosed,
    };

    public static AnnotationKey<ValueTemplate> AuthCacheKey { get; } = Key("auth-cache-key", AuthForms.Template, "no caching",
        "Caches the service's responses under this key, such as $cookie_session or $remote_user$http_authorization, separately for each host and "
        + "path. Include everything the service decides by: requests with the same key get the same response. Responses with Set-Cookie or Vary, and "
        + "those that Cache-Control excludes, are not cached.", OnBadValue.UseDefault) with
    {
        Difference = "Responses are cached separately for each host and path.",
    };

    public static AnnotationKey<EquatableArray<AuthCacheRule>> AuthCacheDuration { get; } = Key("auth-cache-duration", AuthForms.CacheDuration, "200 202 401 5m",
        "The status codes that are cached, and for how long: codes and a duration (ms, s, m, h, d, w), several separated by commas. Without codes, "
        + "200 is cached. Needs auth-cache-key.") with
    {
        Difference = InvalidIsClosed,
    };

    public static AnnotationKey<bool> AuthAlwaysSetCookie { get; } = Key("auth-always-set-cookie", ValueForms.Boolean, "false",
        "Sets the cookies of the service's response whatever the status of the response to the client; by default only for 200, 201, 204, 206, 301, "
        + "302, 303, 304, 307 and 308.") with
    {
        Difference = InvalidIsClosed,
    };

    public static AnnotationKey<bool> EnableGlobalAuth { get; } = Key("enable-global-auth", ValueForms.Boolean, "true",
        "Applies the setting global-auth-url to the Ingress. auth-url takes precedence over it.", OnBadValue.UseDefault);

    public static RouteFeature Feature { get; } = new("External authentication",
        [
            AuthUrl, AuthMethod, AuthSignin, AuthSigninRedirectParam, AuthResponseHeaders, AuthProxySetHeaders, AuthRequestRedirect, AuthCacheKey, AuthCacheDuration,
            AuthAlwaysSetCookie, EnableGlobalAuth,
        ],
        Read)
    {
        Settings = AuthenticationSettings.Keys,
    };

    private static AnnotationKey<T> Key<T>(string name, ValueForm<T> form, string? @default, string documentation, OnBadValue onBadValue = OnBadValue.CloseRoute) => new()
    {
        Name = name,
        Form = form,
        Default = @default,
        OnBadValue = onBadValue,
        Documentation = documentation,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var isGlobal = context.Annotations.Read(EnableGlobalAuth, true);
        if (context.Annotations.IsSet(AuthUrl))
        {
            var own = ReadOwn(context.Annotations);
            var headers = ReadRequestHeaders(context);
            if (own.Url is { } url && IsUsable(context, url))
                yield return ToPolicy(context, own, url) with { RequestHeaders = headers };
            yield break;
        }

        foreach (var key in Feature.Keys.Where(key => key != AuthUrl && key != EnableGlobalAuth && context.Annotations.IsSet(key)))
            context.Annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "auth-url is not set"));
        var settings = context.Settings.Get<AuthenticationSettings>().Global;
        if (isGlobal && settings.Url is { } global && IsGlobalUsable(context, global))
            yield return ToPolicy(context, settings, global);
    }

    private static ExternalAuthSettings ReadOwn(AnnotationReader annotations)
    {
        var settings = new ExternalAuthSettings();
        if (!annotations.IsSet(AuthCacheKey) && annotations.IsSet(AuthCacheDuration))
            annotations.Report(AuthCacheDuration, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "auth-cache-key is not set"));
        if (!annotations.IsSet(AuthSignin) && annotations.IsSet(AuthSigninRedirectParam))
            annotations.Report(AuthSigninRedirectParam, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "auth-signin is not set"));
        return settings with
        {
            Url = annotations.Read(AuthUrl, null!),
            Method = annotations.Read(AuthMethod, null!),
            SignIn = annotations.Read(AuthSignin, null!),
            SignInRedirectParam = annotations.Read(AuthSigninRedirectParam, settings.SignInRedirectParam),
            ResponseHeaders = annotations.Read(AuthResponseHeaders, []),
            RequestRedirect = annotations.Read(AuthRequestRedirect, null!),
            CacheKey = annotations.Read(AuthCacheKey, null!),
            CacheDuration = annotations.Read(AuthCacheDuration, settings.CacheDuration),
            AlwaysSetCookie = annotations.Read(AuthAlwaysSetCookie, false),
        };
    }

    private static ExternalAuthPolicy ToPolicy(PolicyContext context, ExternalAuthSettings settings, AuthUrl url) => new()
    {
        Url = url,
        Method = settings.Method,
        SignIn = settings.SignInWithReturn,
        ResponseHeaders = settings.ResponseHeaders,
        RequestRedirect = settings.RequestRedirect,
        CacheKey = settings.CacheKey,
        CacheDuration = settings.CacheKey is null ? [] : settings.CacheDuration,
        AlwaysSetCookie = settings.AlwaysSetCookie,
        ExemptPaths = context.Settings.Get<AuthenticationSettings>().NoAuthLocations,
    };

    private static bool IsUsable(PolicyContext context, AuthUrl url)
    {
        var problem = Problem(context, url);
        if (problem is not null)
            context.Annotations.Refuse(AuthUrl, problem);
        return problem is null;
    }

    private static bool IsGlobalUsable(PolicyContext context, AuthUrl url)
    {
        if (Problem(context, url) is not { } problem)
            return true;
        context.Report(DiagnosticCatalog.GlobalAuthUnusable(context.Ingress, url.ToString(), problem));
        context.Close("setting global-auth-url cannot be used");
        return false;
    }

    private static string? Problem(PolicyContext context, AuthUrl url) =>
        url.FollowsHost && context.ServesEveryHost ? "uses the host of the request, which clients choose freely for a rule without a host; name the host of the service"
        : url.IsLocal && !context.AllowsLocalAddresses ? "leads to a local address (such as loopback, link-local or metadata); it is refused unless --allow-external-name-loopback is set"
        : null;

    private static EquatableArray<AuthRequestHeader> ReadRequestHeaders(PolicyContext context)
    {
        if (!context.Annotations.TryRead(AuthProxySetHeaders, out var named))
            return [];
        if (!context.TryOwn(AuthProxySetHeaders, "ConfigMap", named, out var name))
            return [];
        var field = context.Annotations.FieldOf(AuthProxySetHeaders);
        if (context.FindConfigMap(name) is not { } configMap)
        {
            context.Report(DiagnosticCatalog.PolicyConfigMapNotFound(context.Ingress, field, name));
            context.Close($"ConfigMap {name} does not exist");
            return [];
        }

        var headers = new List<AuthRequestHeader>();
        foreach (var (header, text) in configMap.SortedData)
        {
            var value = AuthForms.Template.Read(text ?? "");
            if (AuthForms.RequestHeaderProblem(header) is { } wrong)
                Refuse($"data[{header}] {wrong}");
            else if (value.Problem is { } problem)
                Refuse($"data[{header}] {problem}");
            else
                headers.Add(new(header, value.Value));
        }

        return [.. headers];

        void Refuse(string problem)
        {
            context.Report(DiagnosticCatalog.PolicyConfigMapInvalid(context.Ingress, field, name, problem, closes: true));
            context.Close($"ConfigMap {name} cannot be used");
        }
    }
}
