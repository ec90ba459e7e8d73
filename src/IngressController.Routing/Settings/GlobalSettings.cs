using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.Blocking;
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

    /// <summary>Whether http requests are sent to https where the host has a certificate.</summary>
    public bool SslRedirect { get; init; } = true;

    /// <summary>Whether http requests are always sent to https.</summary>
    public bool ForceSslRedirect { get; init; }

    /// <summary>The status of redirects to https and between a name with and without www.: 301, 302, 307 or 308.</summary>
    public int HttpRedirectCode { get; init; } = 308;

    /// <summary>Rules whose path begins with one of these stay on http.</summary>
    public EquatableArray<string> NoTlsRedirectLocations { get; init; } = ["/.well-known/acme-challenge"];

    public bool PreserveTrailingSlash { get; init; }

    public bool UsePortInRedirects { get; init; }

    public bool RelativeRedirects { get; init; }

    /// <summary>Whose word counts about where a request comes from.</summary>
    public ForwardingSettings Forwarding { get; init; } = ForwardingSettings.Default;

    /// <summary>Whom no route lets in.</summary>
    public BlockPolicy Blocked { get; init; } = BlockPolicy.None;

    /// <summary>The first setting that protects something and cannot be understood: every route answers 503 meanwhile. Null when there is none.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>Who alone is let in; null is everybody.</summary>
    public IpNetworkSet? AllowlistSourceRange { get; init; }

    /// <summary>Who is kept out; null is nobody.</summary>
    public IpNetworkSet? DenylistSourceRange { get; init; }

    /// <summary>The authentication service that is asked about every request; it has no URL when there is none.</summary>
    public ExternalAuthSettings GlobalAuth { get; init; } = new();

    /// <summary>Rules whose path begins with one of these need no authentication.</summary>
    public EquatableArray<string> NoAuthLocations { get; init; } = ["/.well-known/acme-challenge"];

    /// <summary>The status of requests over a limit of the limit-rps and limit-rpm annotations.</summary>
    public int LimitReqStatusCode { get; init; } = 503;

    /// <summary>The status of requests over a limit of the limit-connections annotation.</summary>
    public int LimitConnStatusCode { get; init; } = 503;

    public BodySettings Bodies { get; init; } = new();

    public HeaderSettings Headers { get; init; } = new();
}
