using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.RateLimiting;

/// <summary>The statuses of requests over ingress-nginx's limits.</summary>
public sealed record RateLimitSettings : FeatureSettings
{
    /// <summary>The status of requests over a limit of limit-rps or limit-rpm.</summary>
    public int LimitReqStatusCode { get; init; } = 503;

    /// <summary>The status of requests over a limit of limit-connections.</summary>
    public int LimitConnStatusCode { get; init; } = 503;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("limit-req-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over limit-rps or limit-rpm.",
            (RateLimitSettings settings, int value) => settings with { LimitReqStatusCode = value }),
        SettingKey.Of("limit-conn-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over limit-connections.",
            (RateLimitSettings settings, int value) => settings with { LimitConnStatusCode = value }),
    ];
}
