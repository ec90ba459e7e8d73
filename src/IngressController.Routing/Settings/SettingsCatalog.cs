using IngressController.Routing.Annotations;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Routing.Settings;

/// <summary>All global settings, and the keys of ingress-nginx's ConfigMap that have no effect here.</summary>
public static class SettingsCatalog
{
    public static IReadOnlyList<SettingKey> All { get; } =
    [
        SettingKey.Of("ssl-redirect", ValueForms.Boolean, "true",
            "Redirects http requests to https if the host has a certificate; see the annotation.",
            (settings, value) => settings with { SslRedirect = value }),
        SettingKey.Of("force-ssl-redirect", ValueForms.Boolean, "false",
            "Redirects all http requests to https; see the annotation.",
            (settings, value) => settings with { ForceSslRedirect = value }),
        SettingKey.Of("http-redirect-code", ValueForms.OneOf(("301", 301), ("302", 302), ("307", 307), ("308", 308)), "308",
            "The status of redirects to https and of from-to-www-redirect.",
            (settings, value) => settings with { HttpRedirectCode = value }),
        SettingKey.Of("no-tls-redirect-locations", ValueForms.List, "/.well-known/acme-challenge",
            "Rules whose path begins with one of these are not redirected to https, so that certificates can be issued.",
            (settings, value) => settings with { NoTlsRedirectLocations = value }),
        SettingKey.Of("preserve-trailing-slash", ValueForms.Boolean, "false",
            "Keeps the trailing slash of the path in redirects to https.",
            (settings, value) => settings with { PreserveTrailingSlash = value }),
        SettingKey.Of("use-port-in-redirects", ValueForms.Boolean, "false",
            "Adds the port of --https-port to redirects to https.",
            (settings, value) => settings with { UsePortInRedirects = value }),
        SettingKey.Of("relative-redirects", ValueForms.Boolean, "false",
            "Omits scheme and host from the location of app-root.",
            (settings, value) => settings with { RelativeRedirects = value }),
        .. ForwardingSettings.Keys,
        .. BlockingFeature.Settings,
        .. IpAccessFeature.Settings,
        .. GlobalAuthSettings.Keys,
        SettingKey.Of("limit-req-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over limit-rps or limit-rpm.",
            (settings, value) => settings with { LimitReqStatusCode = value }),
        SettingKey.Of("limit-conn-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over limit-connections.",
            (settings, value) => settings with { LimitConnStatusCode = value }),
        .. BodiesFeature.Settings,
        .. HeaderSettings.Keys,
    ];

    public static SettingKey? Find(string name) => All.FirstOrDefault(key => key.Name == name);

    public static string? Nearest(string name) => NearestName.Find(name, All.Select(key => key.Name));
}
