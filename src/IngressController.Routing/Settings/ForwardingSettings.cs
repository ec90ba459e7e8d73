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

    /// <summary>True if any peer can be trusted.</summary>
    public bool TrustsPeers => (UseForwardedHeaders || EnableRealIp) && !ProxyRealIpCidr.IsEmpty;

    internal static ValueForm<IpNetworkSet> Networks { get; } = new("a comma-separated list of addresses and networks",
        text => IpNetworkSet.TryParse(text, out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"is no such list: {problem}"))
    {
        AllowsLines = true,
    };

    private static ValueForm<string> HeaderName { get; } = new("the name of a header",
        text => HttpToken.IsToken(text) ? text : ValueForm<string>.Refuse("is no name of a header"));

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("use-forwarded-headers", ValueForms.Boolean, "false",
            "Whether the peers of proxy-real-ip-cidr are believed about the client's address, scheme (X-Forwarded-Proto), host and port. "
            + "From everybody else none of these headers is believed.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { UseForwardedHeaders = value } }),
        SettingKey.Of("enable-real-ip", ValueForms.Boolean, "false",
            "Whether the peers of proxy-real-ip-cidr are believed about the client's address, and about nothing else.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { EnableRealIp = value } }),
        SettingKey.Of("proxy-real-ip-cidr", Networks, "nobody",
            "The proxies in front of this one that are believed, as addresses and networks. ingress-nginx's default is everybody; here it is nobody.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ProxyRealIpCidr = value } }),
        SettingKey.Of("forwarded-for-header", HeaderName, "X-Forwarded-For",
            "The header in which those proxies say the client's address. The client is its last entry that is not one of them. "
            + "A header of another name reaches backends from those proxies only.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ForwardedForHeader = value } }),
        SettingKey.Of("compute-full-forwarded-for", ValueForms.Boolean, "false",
            "Whether X-Forwarded-For towards the backend is the whole chain that a believed proxy sent, and that proxy, instead of the client alone.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ComputeFullForwardedFor = value } }),
        SettingKey.Of("proxy-add-original-uri-header", ValueForms.Boolean, "false",
            "Whether the backend gets path and query as received, as X-Original-URI.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { ProxyAddOriginalUriHeader = value } }),
        SettingKey.Of("generate-request-id", ValueForms.Boolean, "true",
            "Whether a request gets an X-Request-ID of its own when no believed proxy sent one.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { GenerateRequestId = value } }),
    ];

    /// <summary>The settings that are set and have no effect.</summary>
    internal IEnumerable<(string Key, string Why)> WithoutEffect()
    {
        const string Nobody = "has no effect until proxy-real-ip-cidr names the proxies that are believed";
        const string NobodyAtAll = "has no effect until use-forwarded-headers or enable-real-ip, and proxy-real-ip-cidr, say who is believed";
        if (UseForwardedHeaders && ProxyRealIpCidr.IsEmpty)
            yield return ("use-forwarded-headers", Nobody);
        if (EnableRealIp && ProxyRealIpCidr.IsEmpty)
            yield return ("enable-real-ip", Nobody);
        if (ComputeFullForwardedFor && !TrustsPeers)
            yield return ("compute-full-forwarded-for", NobodyAtAll);
        if (!ProxyRealIpCidr.IsEmpty && !UseForwardedHeaders && !EnableRealIp)
            yield return ("proxy-real-ip-cidr", "has no effect without use-forwarded-headers or enable-real-ip");
    }
}
