using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Headers;

namespace IngressController.Routing.Settings;

/// <summary>
/// What counts for all Ingresses where they say nothing themselves: from the options, over them the ConfigMap of <c>--configmap</c>. Names and
/// defaults are those of ingress-nginx's ConfigMap; where a default differs, its property says why. Each property has one key in
/// <see cref="SettingsCatalog"/>.
/// </summary>
public sealed record GlobalSettings
{
    public static GlobalSettings Default { get; } = new();

    /// <summary>The status of requests over a limit of the limit-rps and limit-rpm annotations.</summary>
    public int LimitReqStatusCode { get; init; } = 503;

    /// <summary>The status of requests over a limit of the limit-connections annotation.</summary>
    public int LimitConnStatusCode { get; init; } = 503;

    public BodySettings Bodies { get; init; } = new();

    public HeaderSettings Headers { get; init; } = new();
}
