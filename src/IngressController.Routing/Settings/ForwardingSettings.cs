using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>The trusted proxies, and the forwarding headers towards the backend.</summary>
public sealed record ForwardingSettings
{
    public static ForwardingSettings Default { get; } = new();

    /// <summary>True if trusted proxies set the client's address, scheme, host and port.</summary>
    public bool UseForwardedHeaders { get; init; }

    /// <summary>True if trusted proxies set the client's address only.</summary>
    public bool EnableRealIp { get; init; }

    /// <summary>
    /// The networks of the trusted proxies. ingress-nginx trusts everyone once forwarding headers are used; here no one is trusted by
    /// default, as clients could choose their address.
    /// </summary>
    public IpNetworkSet ProxyRealIpCidr { get; init; } = IpNetworkSet.Empty;

    /// <summary>The header with the chain of addresses.</summary>
    public string ForwardedForHeader { get; init; } = "X-Forwarded-For";

    /// <summary>True if the backend gets the whole chain of a trusted proxy, with that proxy at its end.</summary>
    public bool ComputeFullForwardedFor { get; init; }

    /// <summary>True if the backend gets the request target as received, as X-Original-URI.</summary>
    public bool ProxyAddOriginalUriHeader { get; init; }

    /// <summary>True if a request without an id from a trusted proxy gets one.</summary>
    public bool GenerateRequestId { get; init; } = true;

    /// <summary>
    /// True if request headers with an underscore in their name are passed on. ingress-nginx drops them by default, silently; here the
    /// names that backends could take for forwarding headers are dropped in every spelling, so the others do no harm.
    /// </summary>
    public bool UnderscoresInHeaders { get; init; } = true;

    /// <summary>True if any peer can be trusted.</summary>
    public bool TrustsPeers => (UseForwardedHeaders || EnableRealIp) && !ProxyRealIpCidr.IsEmpty;

    private static ValueForm<string> HeaderName { get; } = new("a header name",
        text => HttpToken.IsToken(text) ? text : ValueForm<string>.Refuse("is not a header name"));

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("use-forwarded-headers", ValueForms.Boolean, "false",
            "Uses the forwarding headers of trusted proxies (proxy-real-ip-cidr) for the client's address, scheme (X-Forwarded-Proto), host and port. "
            + "Redirects to the same site name that host; routes are found by Host. The headers of all other peers are ignored.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { UseForwardedHeaders = value } }),
        SettingKey.Of("enable-real-ip", ValueForms.Boolean, "false",
            "Uses the forwarding headers of trusted proxies (proxy-real-ip-cidr) for the client's address, and for nothing else.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { EnableRealIp = value } }),
        SettingKey.Of("proxy-real-ip-cidr", AddressForms.Networks, "none",
            "The trusted proxies, as IP addresses and CIDRs: the peers whose forwarding headers are used. The default of ingress-nginx is all peers; "
            + "here it is none.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ProxyRealIpCidr = value } }),
        SettingKey.Of("forwarded-for-header", HeaderName, "X-Forwarded-For",
            "The header in which trusted proxies report the client's address. The client is its last entry that is not a trusted proxy. A header of "
            + "another name is passed to backends only if a trusted proxy sent it.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ForwardedForHeader = value } }),
        SettingKey.Of("compute-full-forwarded-for", ValueForms.Boolean, "false",
            "Sends the whole chain that a trusted proxy sent, plus that proxy, to the backend in X-Forwarded-For, instead of the client alone.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ComputeFullForwardedFor = value } }),
        SettingKey.Of("proxy-add-original-uri-header", ValueForms.Boolean, "false",
            "Sends path and query as received to the backend, as X-Original-URI.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ProxyAddOriginalUriHeader = value } }),
        SettingKey.Of("generate-request-id", ValueForms.Boolean, "true",
            "Generates an X-Request-ID for requests that have none from a trusted proxy.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { GenerateRequestId = value } }),
        SettingKey.Of("enable-underscores-in-headers", ValueForms.Boolean, "true (ingress-nginx: false)",
            "Passes on request headers with an underscore in their name. Names that a backend could take for X-Forwarded-For, Transfer-Encoding and "
            + "the like are dropped in every spelling, so the others are safe.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { UnderscoresInHeaders = value } }),
    ];

    /// <summary>The settings that are set and have no effect.</summary>
    internal IEnumerable<(string Key, string Why)> WithoutEffect()
    {
        const string NoProxies = "has no effect until proxy-real-ip-cidr names the trusted proxies";
        const string NoTrust = "has no effect without trusted proxies: set proxy-real-ip-cidr, and use-forwarded-headers or enable-real-ip";
        if (UseForwardedHeaders && ProxyRealIpCidr.IsEmpty)
            yield return ("use-forwarded-headers", NoProxies);
        if (EnableRealIp && ProxyRealIpCidr.IsEmpty)
            yield return ("enable-real-ip", NoProxies);
        if (ComputeFullForwardedFor && !TrustsPeers)
            yield return ("compute-full-forwarded-for", NoTrust);
        if (!ProxyRealIpCidr.IsEmpty && !UseForwardedHeaders && !EnableRealIp)
            yield return ("proxy-real-ip-cidr", "has no effect without use-forwarded-headers or enable-real-ip");
    }
}
