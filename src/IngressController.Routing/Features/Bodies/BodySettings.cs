using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Bodies;

/// <summary>The limits of bodies of Ingresses without annotations for them.</summary>
public sealed record BodySettings : FeatureSettings
{
    /// <summary>The maximum size of a request body in bytes; 0 means any size.</summary>
    public long ProxyBodySize { get; init; } = 1 << 20;

    /// <summary>The speed of each response in KiB per second; 0 means full speed.</summary>
    public int LimitRate { get; init; }

    /// <summary>The KiB of each response that are sent at full speed first.</summary>
    public int LimitRateAfter { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("proxy-body-size", ValueForms.Size, "1m",
            "The maximum size of a request body, for Ingresses without proxy-body-size; 0 means "
            + "no limit.",
            (BodySettings settings, long value) => settings with { ProxyBodySize = value }),
        SettingKey.Of("limit-rate", ValueForms.Integer(0), "0",
            "The rate at which each response is sent, in KiB per second, for Ingresses without "
            + "limit-rate; 0 means no limit.",
            (BodySettings settings, int value) => settings with { LimitRate = value }),
        SettingKey.Of("limit-rate-after", ValueForms.Integer(0), "0",
            "The number of KiB of each response that are sent before limit-rate applies.",
            (BodySettings settings, int value) => settings with { LimitRateAfter = value }),
    ];
}
