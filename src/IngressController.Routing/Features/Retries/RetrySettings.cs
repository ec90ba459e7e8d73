using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Retries;

/// <summary>The attempts of Ingresses without annotations for them.</summary>
public sealed record RetrySettings : FeatureSettings
{
    public const int DefaultMaxTries = 3;

    /// <summary>The maximum number of attempts for a request; 0 means no limit.</summary>
    public int MaxTries { get; init; } = DefaultMaxTries;

    /// <summary>The failures after which a request is attempted again; null for those after which that is safe.</summary>
    public RetryConditions? Conditions { get; init; }

    /// <summary>The time after which no other attempt begins; zero for no limit.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>True if requests that are not idempotent are attempted again, too.</summary>
    public bool NonIdempotent { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("proxy-next-upstream", RetryForms.Conditions, "the safe part of error timeout",
            "The failures after which a request is attempted again, for Ingresses without proxy-next-upstream.",
            (RetrySettings settings, RetryConditions value) => settings with { Conditions = value }),
        SettingKey.Of("proxy-next-upstream-tries", ValueForms.Integer(0), "3",
            "The maximum number of attempts for a request, for Ingresses without proxy-next-upstream-tries; 0 means no limit.",
            (RetrySettings settings, int value) => settings with { MaxTries = value }),
        SettingKey.Of("proxy-next-upstream-timeout", SecondsForms.WholeOrNone, "0",
            "The time in seconds after which no other attempt begins, for Ingresses without proxy-next-upstream-timeout; 0 means no limit.",
            (RetrySettings settings, TimeSpan value) => settings with { Timeout = value }),
        SettingKey.Of("retry-non-idempotent", ValueForms.Boolean, "false",
            "Adds non_idempotent to proxy-next-upstream of all Ingresses: requests are attempted again although an endpoint may have processed them.",
            (RetrySettings settings, bool value) => settings with { NonIdempotent = value }),
    ];
}
