using IngressController.Routing.Annotations;
using IngressController.Routing.Table;

namespace IngressController.Routing.Settings;

/// <summary>Whose word counts about where a request comes from, and what the backend is told of it.</summary>
public sealed record ForwardingSettings
{
    public static ForwardingSettings Default { get; } = new();

    /// <summary>Whether trusted peers say the client's address, scheme, host and port.</summary>
    public bool UseForwardedHeaders { get; init; }

    /// <summary>Whether trusted peers say the client's address only.</summary>
    public bool EnableRealIp { get; init; }

    /// <summary>
    /// The networks of the proxies that are believed. ingress-nginx believes everybody once the headers are used; here nobody is, until
    /// the operator says who: otherwise every client could choose its address.
    /// </summary>
    public IpNetworkSet ProxyRealIpCidr { get; init; } = IpNetworkSet.Empty;

    /// <summary>The header with the chain of addresses.</summary>
    public string ForwardedForHeader { get; init; } = "X-Forwarded-For";

    /// <summary>Whether the backend gets the whole chain of a trusted peer, with the peer itself at its end.</summary>
    public bool ComputeFullForwardedFor { get; init; }

    /// <summary>Whether the backend gets the request target as received, as X-Original-URI.</summary>
    public bool ProxyAddOriginalUriHeader { get; init; }

    /// <summary>Whether a request without an id from a trusted peer gets one.</summary>
    public bool GenerateRequestId { get; init; } = true;

    /// <summary>Whether any peer could be believed.</summary>
    public bool BelievesPeers => (UseForwardedHeaders || EnableRealIp) && !ProxyRealIpCidr.IsEmpty;

    internal static ValueForm<IpNetworkSet> Networks { get; } = new("a comma-separated list of IP addresses and CIDRs",
        text => IpNetworkSet.TryParse(text, out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"is invalid: {problem}"))
    {
        AllowsLines = true,
    };

    private static ValueForm<string> HeaderName { get; } = new("a header name",
        text => HttpToken.IsToken(text) ? text : ValueForm<string>.Refuse("is not a header name"));

    internal static IReadOnlyList<SettingKey> Keys { get; } =
    [
        SettingKey.Of("use-forwarded-headers", ValueForms.Boolean, "false",
            "Uses the forwarding headers of trusted proxies (proxy-real-ip-cidr) for the client's address, scheme (X-Forwarded-Proto), host and port. "
            + "Those of all other peers are ignored.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { UseForwardedHeaders = value } }),
        SettingKey.Of("enable-real-ip", ValueForms.Boolean, "false",
            "Uses the forwarding headers of trusted proxies (proxy-real-ip-cidr) for the client's address, and for nothing else.",
            (settings, value) => settings with { Forwarding = settings.Forwarding with { EnableRealIp = value } }),
        SettingKey.Of("proxy-real-ip-cidr", Networks, "none",
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
    ];

    /// <summary>What is set and does nothing.</summary>
    internal IEnumerable<(string Key, string Why)> WithoutEffect()
    {
        const string Nobody = "has no effect until proxy-real-ip-cidr names the trusted proxies";
        const string NobodyAtAll = "has no effect without trusted proxies: set proxy-real-ip-cidr, and use-forwarded-headers or enable-real-ip";
        if (UseForwardedHeaders && ProxyRealIpCidr.IsEmpty)
            yield return ("use-forwarded-headers", Nobody);
        if (EnableRealIp && ProxyRealIpCidr.IsEmpty)
            yield return ("enable-real-ip", Nobody);
        if (ComputeFullForwardedFor && !BelievesPeers)
            yield return ("compute-full-forwarded-for", NobodyAtAll);
        if (!ProxyRealIpCidr.IsEmpty && !UseForwardedHeaders && !EnableRealIp)
            yield return ("proxy-real-ip-cidr", "has no effect without use-forwarded-headers or enable-real-ip");
    }
}
