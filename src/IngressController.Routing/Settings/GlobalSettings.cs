using IngressController.Routing.Features.Blocking;

namespace IngressController.Routing.Settings;

/// <summary>
/// What counts for all Ingresses where they say nothing themselves: from the options, over them the ConfigMap of <c>--configmap</c>. Names and
/// defaults are those of ingress-nginx's ConfigMap; where a default differs, its property says why. Each property has one key in
/// <see cref="SettingsCatalog"/>.
/// </summary>
public sealed record GlobalSettings
{
    public static GlobalSettings Default { get; } = new();

    /// <summary>Whose word counts about where a request comes from.</summary>
    public ForwardingSettings Forwarding { get; init; } = ForwardingSettings.Default;

    /// <summary>Whom no route lets in.</summary>
    public BlockPolicy Blocked { get; init; } = BlockPolicy.None;

    /// <summary>The first setting that protects something and cannot be understood: every route answers 503 meanwhile. Null when there is none.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>The status of requests over a limit of the limit-rps and limit-rpm annotations.</summary>
    public int LimitReqStatusCode { get; init; } = 503;

    /// <summary>The status of requests over a limit of the limit-connections annotation.</summary>
    public int LimitConnStatusCode { get; init; } = 503;
}
