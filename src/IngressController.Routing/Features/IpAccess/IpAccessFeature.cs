using IngressController.Routing.Annotations;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.IpAccess;

/// <summary>Allow and deny lists of addresses.</summary>
public static class IpAccessFeature
{
    public static AnnotationKey<IpNetworkSet> AllowlistSourceRange { get; } = new()
    {
        Name = "allowlist-source-range",
        Aliases = ["whitelist-source-range"],
        Form = AddressForms.Networks,
        OnBadValue = OnBadValue.CloseRoute,
        IsAccessCheck = true,
        DefaultSetting = new("whitelist-source-range", "all"),
        Documentation = "The client addresses that are allowed; all others get 403. It replaces the setting whitelist-source-range and does not add "
            + "to it. The client's address is that of its connection, or the one that a trusted proxy reports. A single invalid entry makes the paths "
            + "answer 503.",
    };

    public static AnnotationKey<IpNetworkSet> DenylistSourceRange { get; } = new()
    {
        Name = "denylist-source-range",
        Form = AddressForms.Networks,
        OnBadValue = OnBadValue.CloseRoute,
        DefaultSetting = new("denylist-source-range", "none"),
        Documentation = "The client addresses that get 403. It takes precedence over allowlist-source-range, and satisfy any does not change it. It "
            + "replaces the setting denylist-source-range.",
    };

    public static RouteFeature Feature { get; } = new("IP access", [AllowlistSourceRange, DenylistSourceRange], Read) { Settings = IpAccessSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var settings = context.Settings.Get<IpAccessSettings>();
        var allow = context.Annotations.Read(AllowlistSourceRange, settings.AllowlistSourceRange!);
        var deny = context.Annotations.Read(DenylistSourceRange, settings.DenylistSourceRange!);
        if (allow is not null || deny is not null)
            yield return new IpAccessPolicy(allow, deny);
    }
}
