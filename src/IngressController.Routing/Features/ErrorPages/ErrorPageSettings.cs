using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.ErrorPages;

/// <summary>The error pages of Ingresses without annotations for them.</summary>
public sealed record ErrorPageSettings : FeatureSettings
{
    /// <summary>The statuses that are replaced by a page, in order.</summary>
    public EquatableArray<int> Codes { get; init; } = [];

    /// <summary>True if only errors of the proxy itself are replaced.</summary>
    public bool PassesOnBackendErrors { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("custom-http-errors", ErrorPagesFeature.CodesForm, "none",
            "The statuses that are replaced by a page, for Ingresses without custom-http-errors. They need default-backend, or the option "
            + "--default-backend-service.",
            (ErrorPageSettings settings, EquatableArray<int> value) => settings with { Codes = value }),
        SettingKey.Of("disable-proxy-intercept-errors", ValueForms.Boolean, "false",
            "Passes on the errors of backends, for Ingresses without disable-proxy-intercept-errors: custom-http-errors then concerns those of the "
            + "proxy itself only.",
            (ErrorPageSettings settings, bool value) => settings with { PassesOnBackendErrors = value }),
    ];
}
