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
        Form = Networks,
        OnBadValue = OnBadValue.CloseRoute,
        IsAccessCheck = true,
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

    public static RouteFeature Feature { get; } = new("Access by address", [AllowlistSourceRange, DenylistSourceRange], Read) { Settings = IpAccessSettings.Keys };

    internal static ValueForm<IpNetworkSet> Networks => new("a comma-separated list of addresses and networks, as 1.2.3.4, 10.0.0.0/8, 2001:db8::/32", text =>
        IpNetworkSet.TryParse(text, out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"cannot be used: {problem}"))
    {
        AllowsLines = true,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var settings = context.Settings.Get<IpAccessSettings>();
        var allow = context.Annotations.Read(AllowlistSourceRange, settings.AllowlistSourceRange!);
        var deny = context.Annotations.Read(DenylistSourceRange, settings.DenylistSourceRange!);
        if (allow is not null || deny is not null)
            yield return new IpAccessPolicy(allow, deny);
    }
}
