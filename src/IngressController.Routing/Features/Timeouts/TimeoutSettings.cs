using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Timeouts;

/// <summary>The time limits of Ingresses without annotations for them.</summary>
public sealed record TimeoutSettings : FeatureSettings
{
    /// <summary>The time limit for a connection to an endpoint.</summary>
    public TimeSpan Connect { get; init; } = TimeoutPolicy.Default.Connect;

    /// <summary>The time limit between two reads from an endpoint.</summary>
    public TimeSpan Read { get; init; } = TimeoutPolicy.Default.Read;

    /// <summary>The time limit between two writes to an endpoint.</summary>
    public TimeSpan Send { get; init; } = TimeoutPolicy.Default.Send;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("proxy-connect-timeout", SecondsForms.Fractional, "5",
            "The time limit in seconds for a connection to an endpoint, TLS included, for Ingresses without proxy-connect-timeout. The response is 504 then.",
            (TimeoutSettings settings, TimeSpan value) => settings with { Connect = value }),
        SettingKey.Of("proxy-read-timeout", SecondsForms.Fractional, "60",
            "The time limit in seconds between two reads from an endpoint, WebSockets included, for Ingresses without proxy-read-timeout. The response is "
            + "504 then; if it has begun, it is cut.",
            (TimeoutSettings settings, TimeSpan value) => settings with { Read = value }),
        SettingKey.Of("proxy-send-timeout", SecondsForms.Fractional, "60",
            "The time limit in seconds between two writes to an endpoint, for Ingresses without proxy-send-timeout. The response is 504 then; if it has "
            + "begun, it is cut.",
            (TimeoutSettings settings, TimeSpan value) => settings with { Send = value }),
    ];
}
