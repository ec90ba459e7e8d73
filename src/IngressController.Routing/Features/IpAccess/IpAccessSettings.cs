using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.IpAccess;

/// <summary>The address lists of Ingresses without lists of their own.</summary>
public sealed record IpAccessSettings : FeatureSettings
{
    /// <summary>The only clients that are allowed; null allows everyone.</summary>
    public IpNetworkSet? AllowlistSourceRange { get; init; }

    /// <summary>The clients that are denied; null denies no one.</summary>
    public IpNetworkSet? DenylistSourceRange { get; init; }

    internal override bool HasAccessCheck => AllowlistSourceRange is not null;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        Of("whitelist-source-range", "all", "The client addresses that are allowed, for Ingresses without allowlist-source-range.",
            (settings, value) => settings with { AllowlistSourceRange = value }),
        Of("allowlist-source-range", "all", "An alias of whitelist-source-range, which takes precedence if both are set.",
            (settings, value) => settings with { AllowlistSourceRange = value }),
        Of("denylist-source-range", "none", "The client addresses that are denied, for Ingresses without denylist-source-range.",
            (settings, value) => settings with { DenylistSourceRange = value }),
    ];

    private static SettingKey Of(string name, string @default, string documentation, Func<IpAccessSettings, IpNetworkSet, IpAccessSettings> with) =>
        SettingKey.Of(name, AddressForms.Networks, @default, documentation, with) with { OnBadValue = OnBadValue.CloseRoute };
}
