using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Settings;
using k8s.Models;

namespace IngressController.Routing.Features.Headers;

/// <summary>The headers of all requests and responses.</summary>
public sealed record HeaderSettings : FeatureSettings
{
    /// <summary>True if https responses of hosts with their own certificate carry Strict-Transport-Security.</summary>
    public bool Hsts { get; init; } = true;

    /// <summary>The time for which browsers then use https only, in seconds.</summary>
    public int HstsMaxAge { get; init; } = 31_536_000;

    public bool HstsIncludeSubdomains { get; init; } = true;

    public bool HstsPreload { get; init; }

    /// <summary>The ConfigMap whose entries are request headers for every backend.</summary>
    public ResourceName? ProxySetHeaders { get; init; }

    /// <summary>The ConfigMap whose entries are headers of every response.</summary>
    public ResourceName? AddHeaders { get; init; }

    /// <summary>The entries of <see cref="ProxySetHeaders"/>.</summary>
    public EquatableArray<HeaderField> RequestHeaders { get; init; } = [];

    /// <summary>The entries of <see cref="AddHeaders"/>.</summary>
    public EquatableArray<HeaderField> ResponseHeaders { get; init; } = [];

    /// <summary>Headers that are removed from backends' responses.</summary>
    public EquatableArray<string> HideHeaders { get; init; } = [];

    /// <summary>The headers that custom-headers can set.</summary>
    public EquatableArray<string> GlobalAllowedResponseHeaders { get; init; } = [];

    /// <summary>True if responses carry the proxy's Server header; null leaves it to the option <c>--server-header</c>.</summary>
    public bool? ServerTokens { get; init; }

    /// <summary>True if the backend's Server header is passed on; null leaves it to the option <c>--server-header</c>.</summary>
    public bool? AllowBackendServerHeader { get; init; }

    public CookieRule? ProxyCookieDomain { get; init; }

    public CookieRule? ProxyCookiePath { get; init; }

    public string ProxyRedirectFrom { get; init; } = "off";

    public string ProxyRedirectTo { get; init; } = "off";

    internal override IEnumerable<ResourceName> ConfigMaps
    {
        get
        {
            if (ProxySetHeaders is { } request)
                yield return request;
            if (AddHeaders is { } response)
                yield return response;
        }
    }

    internal override FeatureSettings ReadConfigMaps(Func<ResourceName, V1ConfigMap?> find, ResourceName? subject, List<Diagnostic> diagnostics)
    {
        var reader = new HeaderConfigMaps(find, subject, diagnostics);
        return this with
        {
            RequestHeaders = reader.ReadRequestHeaders(ProxySetHeaders),
            ResponseHeaders = reader.ReadResponseHeaders(AddHeaders),
        };
    }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("hsts", ValueForms.Boolean, "true",
            "Sends Strict-Transport-Security in https responses of hosts that have a certificate of their own, in place of the backend's. Hosts that "
            + "are served with the default certificate do not send it, because browsers would then refuse to show them at all.",
            (HeaderSettings headers, bool value) => headers with { Hsts = value }),
        SettingKey.Of("hsts-max-age", ValueForms.Integer(0), "31536000", "The time, in seconds, for which browsers use https only.",
            (HeaderSettings headers, int value) => headers with { HstsMaxAge = value }),
        SettingKey.Of("hsts-include-subdomains", ValueForms.Boolean, "true", "Extends Strict-Transport-Security to all names below the host.",
            (HeaderSettings headers, bool value) => headers with { HstsIncludeSubdomains = value }),
        SettingKey.Of("hsts-preload", ValueForms.Boolean, "false", "Lets browsers include the host in their preload list. This is hard to undo.",
            (HeaderSettings headers, bool value) => headers with { HstsPreload = value }),
        SettingKey.Of("proxy-set-headers", ConfigMapName, "none",
            "A ConfigMap, NAMESPACE/NAME, whose entries are sent to every backend as request headers, in place of the client's. Values may "
            + "contain variables.",
            (HeaderSettings headers, ResourceName value) => headers with { ProxySetHeaders = value }),
        SettingKey.Of("add-headers", ConfigMapName, "none",
            "A ConfigMap, NAMESPACE/NAME, whose entries are set as headers of every response, in place of the backend's. Values "
            + "may contain variables.",
            (HeaderSettings headers, ResourceName value) => headers with { AddHeaders = value }),
        SettingKey.Of("hide-headers", HeaderNames, "none", "Headers that are removed from the backends' responses, separated by commas.",
            (HeaderSettings headers, EquatableArray<string> value) => headers with { HideHeaders = value }),
        SettingKey.Of("global-allowed-response-headers", HeaderNames, "none", "The headers that the annotation custom-headers may set, separated by commas.",
            (HeaderSettings headers, EquatableArray<string> value) => headers with { GlobalAllowedResponseHeaders = value }),
        SettingKey.Of("server-tokens", ValueForms.Boolean, "the option --server-header",
            "Sends the proxy's own Server header. allow-backend-server-header applies to the backend's.",
            (HeaderSettings headers, bool value) => headers with { ServerTokens = value }),
        SettingKey.Of("allow-backend-server-header", ValueForms.Boolean, "true, or false if server-tokens is set",
            "Passes on the backend's Server header.",
            (HeaderSettings headers, bool value) => headers with { AllowBackendServerHeader = value }),
        SettingKey.Of("proxy-cookie-domain", CookieRule.DomainForm, "off", "The default of the annotation proxy-cookie-domain.",
            (HeaderSettings headers, CookieRule? value) => headers with { ProxyCookieDomain = value }),
        SettingKey.Of("proxy-cookie-path", CookieRule.PathForm, "off", "The default of the annotation proxy-cookie-path.",
            (HeaderSettings headers, CookieRule? value) => headers with { ProxyCookiePath = value }),
        SettingKey.Of("proxy-redirect-from", HeadersFeature.RedirectForm, "off", "The default of the annotation proxy-redirect-from.",
            (HeaderSettings headers, string value) => headers with { ProxyRedirectFrom = value }),
        SettingKey.Of("proxy-redirect-to", HeadersFeature.RedirectForm, "off", "The default of the annotation proxy-redirect-to.",
            (HeaderSettings headers, string value) => headers with { ProxyRedirectTo = value }),
    ];

    private static ValueForm<ResourceName> ConfigMapName => new("NAMESPACE/NAME", text =>
        ResourceName.TryParse(text, out var name) ? name : ValueForm<ResourceName>.Refuse("is not NAMESPACE/NAME"));

    private static ValueForm<EquatableArray<string>> HeaderNames => ValueForms.List.Select<EquatableArray<string>>(names =>
        names.FirstOrDefault(name => HeaderSyntax.ResponseNameProblem(name) is not null) is { } bad
            ? ValueForm<EquatableArray<string>>.Refuse($"contains \"{bad}\", which {HeaderSyntax.ResponseNameProblem(bad)}")
            : names, "a comma-separated list of header names");
}
