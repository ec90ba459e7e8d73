using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>What the ConfigMap or the options say about the headers of all requests and responses.</summary>
public sealed record HeaderSettings
{
    /// <summary>Whether https responses of hosts with a certificate of their own carry Strict-Transport-Security.</summary>
    public bool Hsts { get; init; } = true;

    /// <summary>For how long browsers then come by https alone, in seconds.</summary>
    public int HstsMaxAge { get; init; } = 31_536_000;

    public bool HstsIncludeSubdomains { get; init; } = true;

    public bool HstsPreload { get; init; }

    /// <summary>The ConfigMap whose entries every backend gets as request headers.</summary>
    public ResourceName? ProxySetHeaders { get; init; }

    /// <summary>The ConfigMap whose entries every response gets as headers.</summary>
    public ResourceName? AddHeaders { get; init; }

    /// <summary>The entries of <see cref="ProxySetHeaders"/>.</summary>
    public EquatableArray<HeaderField> RequestHeaders { get; init; } = [];

    /// <summary>The entries of <see cref="AddHeaders"/>.</summary>
    public EquatableArray<HeaderField> ResponseHeaders { get; init; } = [];

    /// <summary>Headers that backends' responses lose.</summary>
    public EquatableArray<string> HideHeaders { get; init; } = [];

    /// <summary>The headers that custom-headers may set.</summary>
    public EquatableArray<string> GlobalAllowedResponseHeaders { get; init; } = [];

    /// <summary>Whether responses carry the proxy's Server header; null leaves it to the option <c>--server-header</c>.</summary>
    public bool? ServerTokens { get; init; }

    /// <summary>Whether the backend's Server header is passed on; null leaves it to the option <c>--server-header</c>.</summary>
    public bool? AllowBackendServerHeader { get; init; }

    /// <summary>
    /// Whether request headers with an underscore in their name are passed on. ingress-nginx drops them unless told otherwise, without a
    /// word; here the names that backends could take for forwarding headers are dropped in every spelling, so the others do no harm.
    /// </summary>
    public bool UnderscoresInHeaders { get; init; } = true;

    public CookieRule? ProxyCookieDomain { get; init; }

    public CookieRule? ProxyCookiePath { get; init; }

    public string ProxyRedirectFrom { get; init; } = "off";

    public string ProxyRedirectTo { get; init; } = "off";

    internal static IReadOnlyList<SettingKey> Keys { get; } =
    [
        Of("hsts", ValueForms.Boolean, "true",
            "Sends Strict-Transport-Security in https responses of hosts that have a certificate of their own, in place of the backend's. Hosts that "
            + "are served with the default certificate do not send it, because browsers would then refuse to show them at all.",
            (headers, value) => headers with { Hsts = value }),
        Of("hsts-max-age", ValueForms.Integer(0), "31536000", "The time, in seconds, for which browsers use https only.",
            (headers, value) => headers with { HstsMaxAge = value }),
        Of("hsts-include-subdomains", ValueForms.Boolean, "true", "Extends Strict-Transport-Security to all names below the host.",
            (headers, value) => headers with { HstsIncludeSubdomains = value }),
        Of("hsts-preload", ValueForms.Boolean, "false", "Lets browsers include the host in their preload list. This is hard to undo.",
            (headers, value) => headers with { HstsPreload = value }),
        Of("proxy-set-headers", ConfigMapName, "none",
            "A ConfigMap, NAMESPACE/NAME, whose entries are sent to every backend as request headers, in place of the client's. Values are literal: "
            + "one with $ is ignored.",
            (headers, value) => headers with { ProxySetHeaders = value }),
        Of("add-headers", ConfigMapName, "none",
            "A ConfigMap, NAMESPACE/NAME, whose entries are set as headers of every response, in place of the backend's.",
            (headers, value) => headers with { AddHeaders = value }),
        Of("hide-headers", HeaderNames, "none", "Headers that are removed from the backends' responses, separated by commas.",
            (headers, value) => headers with { HideHeaders = value }),
        Of("global-allowed-response-headers", HeaderNames, "none", "The headers that the annotation custom-headers may set, separated by commas.",
            (headers, value) => headers with { GlobalAllowedResponseHeaders = value }),
        Of("server-tokens", ValueForms.Boolean, "the option --server-header",
            "Sends the proxy's own Server header. allow-backend-server-header applies to the backend's.",
            (headers, value) => headers with { ServerTokens = value }),
        Of("allow-backend-server-header", ValueForms.Boolean, "true, or false if server-tokens is set",
            "Passes on the backend's Server header.",
            (headers, value) => headers with { AllowBackendServerHeader = value }),
        Of("enable-underscores-in-headers", ValueForms.Boolean, "true (ingress-nginx: false)",
            "Passes on request headers with an underscore in their name. Names that a backend could take for X-Forwarded-For and the like are dropped "
            + "in every spelling, so the others are safe.",
            (headers, value) => headers with { UnderscoresInHeaders = value }),
        Of("proxy-cookie-domain", CookieRule.DomainForm, "off", "The default of the annotation proxy-cookie-domain.",
            (headers, value) => headers with { ProxyCookieDomain = value }),
        Of("proxy-cookie-path", CookieRule.PathForm, "off", "The default of the annotation proxy-cookie-path.",
            (headers, value) => headers with { ProxyCookiePath = value }),
        Of("proxy-redirect-from", HeadersFeature.RedirectForm, "off", "The default of the annotation proxy-redirect-from.",
            (headers, value) => headers with { ProxyRedirectFrom = value }),
        Of("proxy-redirect-to", HeadersFeature.RedirectForm, "off", "The default of the annotation proxy-redirect-to.",
            (headers, value) => headers with { ProxyRedirectTo = value }),
    ];

    private static ValueForm<ResourceName> ConfigMapName => new("NAMESPACE/NAME", text =>
        ResourceName.TryParse(text, out var name) ? name : ValueForm<ResourceName>.Refuse("is not NAMESPACE/NAME"));

    private static ValueForm<EquatableArray<string>> HeaderNames => ValueForms.List.Select<EquatableArray<string>>(names =>
        names.FirstOrDefault(name => HeaderSyntax.ResponseNameProblem(name) is not null) is { } bad
            ? ValueForm<EquatableArray<string>>.Refuse($"contains \"{bad}\", which {HeaderSyntax.ResponseNameProblem(bad)}")
            : names, "a comma-separated list of header names");

    private static SettingKey Of<T>(
        string name, ValueForm<T> form, string @default, string documentation, Func<HeaderSettings, T, HeaderSettings> with) =>
        SettingKey.Of(name, form, @default, documentation, (settings, value) => settings with { Headers = with(settings.Headers, value) });
}
