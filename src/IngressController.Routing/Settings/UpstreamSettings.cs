using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>The age of kept connections to endpoints.</summary>
public sealed record UpstreamSettings
{
    public static UpstreamSettings Default { get; } = new();

    /// <summary>
    /// The time after which an idle HTTP/1.1 connection is not used again. A server that closes it first may do so while a request is on its
    /// way, so the default is less than that of common servers: gunicorn closes after 2 s, node after 5 s; nginx's 60 s lose requests there.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>The time after which a connection takes no more requests.</summary>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Read so that it can be reported: the HTTP client does not count the requests of a connection. Null if it is not set.</summary>
    public int? KeepAliveRequests { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("upstream-keepalive-timeout", ValueForms.Duration, "1500ms (ingress-nginx: 60)",
            "The time after which an idle HTTP/1.1 connection to an endpoint is closed and not used again. It must be less "
            + "than the keep-alive time of the backends, or they close connections on which a request is on its way: gunicorn has 2 s, node 5 s. "
            + "HTTP/2 announces the end of a connection, so there an idle one is kept for 60 s, or for this time if it is longer.",
            (settings, value) => settings with { Upstream = settings.Upstream with { KeepAliveTimeout = value } }),
        SettingKey.Of("upstream-keepalive-time", ValueForms.Duration, "1h",
            "The time after which a connection to an endpoint takes no more requests, however busy it is; 0 means no limit.",
            (settings, value) => settings with { Upstream = settings.Upstream with { KeepAliveTime = value } }),
        SettingKey.Of("upstream-keepalive-requests", ValueForms.Integer(0), "no limit (ingress-nginx: 10000)",
            "Has no effect: the requests of a connection to an endpoint are not counted. Use upstream-keepalive-time.",
            (settings, value) => settings with { Upstream = settings.Upstream with { KeepAliveRequests = value } }),
    ];

    /// <summary>The settings that are set and have no effect.</summary>
    internal IEnumerable<(string Key, string Why)> WithoutEffect() => KeepAliveRequests is null ? []
        : [("upstream-keepalive-requests", "has no effect: the requests of a connection are not counted; set upstream-keepalive-time")];
}
