using IngressController.Routing.Annotations;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Routing.Settings;

/// <summary>All global settings, and the keys of ingress-nginx's ConfigMap that have no effect here.</summary>
public static class SettingsCatalog
{
    public static IReadOnlyList<SettingKey> All { get; } =
    [
        .. IpAccessFeature.Settings,
        .. GlobalAuthSettings.Keys,
        SettingKey.Of("limit-req-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over a limit of limit-rps or limit-rpm.",
            (settings, value) => settings with { LimitReqStatusCode = value }),
        SettingKey.Of("limit-conn-status-code", ValueForms.Integer(400, 599), "503",
            "The status of requests over a limit of limit-connections.",
            (settings, value) => settings with { LimitConnStatusCode = value }),
    ];

    public static SettingKey? Find(string name) => All.FirstOrDefault(key => key.Name == name);

    public static string? Nearest(string name) => NearestName.Find(name, All.Select(key => key.Name));
}
