using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.IpAccess;

/// <summary>Lists of addresses that are let in or kept out.</summary>
public static class IpAccessFeature
{
    public static AnnotationKey<IpNetworkSet> AllowlistSourceRange { get; } = new()
    {
        Name = "allowlist-source-range",
        Aliases = ["whitelist-source-range"],
        Form = Networks,
        OnBadValue = OnBadValue.CloseRoute,
        Default = "the setting whitelist-source-range: everybody",
        Documentation = "The client addresses that are let in; all others get 403. It replaces the setting whitelist-source-range, it does not add to it. The client's "
            + "address is that of its connection, or what a trusted proxy says about it. One entry that is no address or network closes the paths.",
    };

    public static AnnotationKey<IpNetworkSet> DenylistSourceRange { get; } = new()
    {
        Name = "denylist-source-range",
        Form = Networks,
        OnBadValue = OnBadValue.CloseRoute,
        Default = "the setting denylist-source-range: nobody",
        Documentation = "The client addresses that get 403. It goes before allowlist-source-range, and satisfy any does not change it. It replaces the setting "
            + "denylist-source-range.",
    };

    /// <summary>The settings for all Ingresses that have no list of their own.</summary>
    public static IReadOnlyList<SettingKey> Settings { get; } =
    [
        Setting("whitelist-source-range", "everybody", "The client addresses that are let in, where an Ingress has no allowlist-source-range.",
            (settings, value) => settings with { AllowlistSourceRange = value }),
        Setting("allowlist-source-range", "everybody", "The same as whitelist-source-range, which counts when both are set.",
            (settings, value) => settings with { AllowlistSourceRange = value }),
        Setting("denylist-source-range", "nobody", "The client addresses that are kept out, where an Ingress has no denylist-source-range.",
            (settings, value) => settings with { DenylistSourceRange = value }),
    ];

    public static RouteFeature Feature { get; } = new("Access by address", [AllowlistSourceRange, DenylistSourceRange], Read) { Settings = Settings };

    private static ValueForm<IpNetworkSet> Networks => new("a comma-separated list of addresses and networks, as 1.2.3.4, 10.0.0.0/8, 2001:db8::/32", text =>
        IpNetworkSet.TryParse(text, out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"cannot be used: {problem}"))
    {
        AllowsLines = true,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var allow = context.Annotations.Read(AllowlistSourceRange, context.Settings.AllowlistSourceRange!);
        var deny = context.Annotations.Read(DenylistSourceRange, context.Settings.DenylistSourceRange!);
        if (allow is not null || deny is not null)
            yield return new IpAccessPolicy(allow, deny);
    }

    private static SettingKey Setting(string name, string @default, string documentation, Func<GlobalSettings, IpNetworkSet, GlobalSettings> with) =>
        SettingKey.Of(name, Networks, @default, documentation, with) with { OnBadValue = OnBadValue.CloseRoute };
}
