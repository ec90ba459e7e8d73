using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>The age and number of kept connections to endpoints.</summary>
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

    /// <summary>The number of requests after which an HTTP/1.1 connection is closed; null for no limit.</summary>
    public int? KeepAliveRequests { get; init; }

    /// <summary>The maximum number of idle HTTP/1.1 connections to an endpoint that are kept; null for no limit.</summary>
    public int? KeepAliveConnections { get; init; }

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
            "The number of requests after which an HTTP/1.1 connection to an endpoint is closed. Connections of requests that the HTTP client sends "
            + "(routes with transforms or limit-rate, upgrades, --direct-forwarding=false) are not counted; upstream-keepalive-time limits these.",
            (settings, value) => settings with { Upstream = settings.Upstream with { KeepAliveRequests = value } }),
        SettingKey.Of("upstream-keepalive-connections", ValueForms.Integer(0), "no limit (ingress-nginx: 320 for each worker)",
            "The maximum number of idle HTTP/1.1 connections to each endpoint that a replica keeps; 0 keeps none. Those of the HTTP client are not counted.",
            (settings, value) => settings with { Upstream = settings.Upstream with { KeepAliveConnections = value } }),
    ];
}
