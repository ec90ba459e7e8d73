using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The settings that ask an authentication service about the requests of all Ingresses, and those that leave paths out.</summary>
internal static class GlobalAuthSettings
{
    public static IReadOnlyList<SettingKey> Keys { get; } =
    [
        Setting("global-auth-url", ExternalAuthFeature.AuthUrl, "none", "The auth-url of Ingresses that have none and do not set enable-global-auth to false.",
            (auth, value) => auth with { Url = value }),
        Setting("global-auth-method", ExternalAuthFeature.AuthMethod, "GET", "The auth-method of global-auth-url.", (auth, value) => auth with { Method = value }),
        Setting("global-auth-signin", ExternalAuthFeature.AuthSignin, "none", "The auth-signin of global-auth-url.", (auth, value) => auth with { SignIn = value }),
        Setting("global-auth-signin-redirect-param", ExternalAuthFeature.AuthSigninRedirectParam, "rd", "The auth-signin-redirect-param of global-auth-url.",
            (auth, value) => auth with { SignInRedirectParam = value }),
        Setting("global-auth-response-headers", ExternalAuthFeature.AuthResponseHeaders, "none", "The auth-response-headers of global-auth-url.",
            (auth, value) => auth with { ResponseHeaders = value }),
        Setting("global-auth-request-redirect", ExternalAuthFeature.AuthRequestRedirect, "$request_uri", "The auth-request-redirect of global-auth-url.",
            (auth, value) => auth with { RequestRedirect = value }),
        Setting("global-auth-cache-key", ExternalAuthFeature.AuthCacheKey, "no caching", "The auth-cache-key of global-auth-url.",
            (auth, value) => auth with { CacheKey = value }),
        Setting("global-auth-cache-duration", ExternalAuthFeature.AuthCacheDuration, "200 202 401 5m", "The auth-cache-duration of global-auth-url.",
            (auth, value) => auth with { CacheDuration = value }),
        Setting("global-auth-always-set-cookie", ExternalAuthFeature.AuthAlwaysSetCookie, "false", "The auth-always-set-cookie of global-auth-url.",
            (auth, value) => auth with { AlwaysSetCookie = value }),
        SettingKey.Of("no-auth-locations", ValueForms.List, "/.well-known/acme-challenge",
            "Rules whose path begins with one of these require neither a password nor an authentication service. The path of the rule is compared, "
            + "not that of the request.",
            (settings, value) => settings with { NoAuthLocations = value }),
    ];

    /// <summary>A setting is written as the annotation is, and a bad value does the same.</summary>
    private static SettingKey Setting<T>(
        string name, AnnotationKey<T> annotation, string @default, string documentation, Func<ExternalAuthSettings, T, ExternalAuthSettings> with) =>
        SettingKey.Of(name, annotation.Form, @default, documentation, (settings, value) => settings with { GlobalAuth = with(settings.GlobalAuth, value) }) with
        {
            OnBadValue = annotation.OnBadValue,
        };
}
