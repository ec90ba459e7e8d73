using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The authentication of Ingresses without annotations for it.</summary>
public sealed record AuthenticationSettings : FeatureSettings
{
    /// <summary>The authentication service of all requests; it has no URL when there is none.</summary>
    public ExternalAuthSettings Global { get; init; } = new();

    /// <summary>Rules whose path begins with one of these need no authentication.</summary>
    public EquatableArray<string> NoAuthLocations { get; init; } = ["/.well-known/acme-challenge"];

    internal override bool HasAccessCheck => Global.Url is not null;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        Of("global-auth-url", ExternalAuthFeature.AuthUrl, "none", "The auth-url of Ingresses that have none and do not set enable-global-auth to false.",
            (auth, value) => auth with { Url = value }),
        Of("global-auth-method", ExternalAuthFeature.AuthMethod, "GET", "The auth-method of global-auth-url.", (auth, value) => auth with { Method = value }),
        Of("global-auth-signin", ExternalAuthFeature.AuthSignin, "none", "The auth-signin of global-auth-url.", (auth, value) => auth with { SignIn = value }),
        Of("global-auth-signin-redirect-param", ExternalAuthFeature.AuthSigninRedirectParam, "rd", "The auth-signin-redirect-param of global-auth-url.",
            (auth, value) => auth with { SignInRedirectParam = value }),
        Of("global-auth-response-headers", ExternalAuthFeature.AuthResponseHeaders, "none", "The auth-response-headers of global-auth-url.",
            (auth, value) => auth with { ResponseHeaders = value }),
        Of("global-auth-request-redirect", ExternalAuthFeature.AuthRequestRedirect, "$request_uri", "The auth-request-redirect of global-auth-url.",
            (auth, value) => auth with { RequestRedirect = value }),
        Of("global-auth-cache-key", ExternalAuthFeature.AuthCacheKey, "no caching", "The auth-cache-key of global-auth-url.",
            (auth, value) => auth with { CacheKey = value }),
        Of("global-auth-cache-duration", ExternalAuthFeature.AuthCacheDuration, "200 202 401 5m", "The auth-cache-duration of global-auth-url.",
            (auth, value) => auth with { CacheDuration = value }),
        Of("global-auth-always-set-cookie", ExternalAuthFeature.AuthAlwaysSetCookie, "false", "The auth-always-set-cookie of global-auth-url.",
            (auth, value) => auth with { AlwaysSetCookie = value }),
        SettingKey.Of("no-auth-locations", ValueForms.List, "/.well-known/acme-challenge",
            "Rules whose path begins with one of these require neither a password nor an authentication service. The path of the rule is compared, "
            + "not that of the request.",
            (AuthenticationSettings settings, EquatableArray<string> value) => settings with { NoAuthLocations = value }),
    ];

    /// <summary>A setting with the form and the effect of an invalid value of its annotation.</summary>
    private static SettingKey Of<T>(
        string name, AnnotationKey<T> annotation, string @default, string documentation, Func<ExternalAuthSettings, T, ExternalAuthSettings> with) =>
        SettingKey.Of(name, annotation.Form, @default, documentation, (AuthenticationSettings settings, T value) => settings with { Global = with(settings.Global, value) }) with
        {
            OnBadValue = annotation.OnBadValue,
        };
}
