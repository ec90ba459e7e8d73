using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Redirects;

/// <summary>The redirects of Ingresses without annotations for them.</summary>
public sealed record RedirectSettings : FeatureSettings
{
    /// <summary>True if http requests are redirected to https where the host has a certificate.</summary>
    public bool SslRedirect { get; init; } = true;

    /// <summary>True if http requests are always redirected to https.</summary>
    public bool ForceSslRedirect { get; init; }

    /// <summary>The status of redirects to https and between a name with and without www.: 301, 302, 307 or 308.</summary>
    public int HttpRedirectCode { get; init; } = 308;

    /// <summary>Rules whose path begins with one of these stay on http.</summary>
    public EquatableArray<string> NoTlsRedirectLocations { get; init; } = ["/.well-known/acme-challenge"];

    public bool PreserveTrailingSlash { get; init; }

    public bool UsePortInRedirects { get; init; }

    public bool RelativeRedirects { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("ssl-redirect", ValueForms.Boolean, "true",
            "Redirects http requests to https if the host has a certificate; see the annotation.",
            (RedirectSettings settings, bool value) => settings with { SslRedirect = value }),
        SettingKey.Of("force-ssl-redirect", ValueForms.Boolean, "false",
            "Redirects all http requests to https; see the annotation.",
            (RedirectSettings settings, bool value) => settings with { ForceSslRedirect = value }),
        SettingKey.Of("http-redirect-code", ValueForms.OneOf(("301", 301), ("302", 302), ("307", 307), ("308", 308)), "308",
            "The status of redirects to https and of from-to-www-redirect.",
            (RedirectSettings settings, int value) => settings with { HttpRedirectCode = value }),
        SettingKey.Of("no-tls-redirect-locations", ValueForms.List, "/.well-known/acme-challenge",
            "Rules whose path begins with one of these are not redirected to https, so that certificates can be issued.",
            (RedirectSettings settings, EquatableArray<string> value) => settings with { NoTlsRedirectLocations = value }),
        SettingKey.Of("preserve-trailing-slash", ValueForms.Boolean, "false",
            "Keeps the trailing slash of the path in redirects to https.",
            (RedirectSettings settings, bool value) => settings with { PreserveTrailingSlash = value }),
        SettingKey.Of("use-port-in-redirects", ValueForms.Boolean, "false",
            "Adds the port of --https-port to redirects to https.",
            (RedirectSettings settings, bool value) => settings with { UsePortInRedirects = value }),
        SettingKey.Of("relative-redirects", ValueForms.Boolean, "false",
            "Omits scheme and host from the location of app-root.",
            (RedirectSettings settings, bool value) => settings with { RelativeRedirects = value }),
    ];
}
