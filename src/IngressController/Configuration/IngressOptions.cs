using System.Net;
using IngressController.Routing.Translation;

namespace IngressController.Configuration;

/// <summary>Everything <c>run</c> can be told, one record per area; fixed at start.</summary>
public sealed record IngressOptions
{
    public SourceOptions Source { get; init; } = new();

    public ListenerOptions Listener { get; init; } = new();

    public UpstreamOptions Upstream { get; init; } = new();

    public TranslationSettings Translation { get; init; } = new();
}

/// <summary>Where the cluster objects come from.</summary>
public sealed record SourceOptions
{
    /// <summary>A folder of manifests instead of an API server; null for the API server.</summary>
    public string? Manifests { get; init; }

    /// <summary>The kubeconfig file; null means in-cluster credentials, else KUBECONFIG, else ~/.kube/config.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The context of the kubeconfig; null means its current one.</summary>
    public string? Context { get; init; }

    /// <summary>The namespaces to watch; empty means all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];
}

/// <summary>Where clients connect. A port of 0 takes any free one.</summary>
public sealed record ListenerOptions
{
    public IPAddress BindAddress { get; init; } = IPAddress.IPv6Any;

    public int HttpPort { get; init; } = 8080;

    public int HttpsPort { get; init; } = 8443;

    public int AdminPort { get; init; } = 10254;

    /// <summary>Whether responses carry a Server header: the backend's, else ours.</summary>
    public bool ServerHeader { get; init; } = true;
}

/// <summary>How endpoints are spoken to.</summary>
public sealed record UpstreamOptions
{
    /// <summary>How long making a connection may take, TLS included; then 504.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an exchange may be silent in both directions; then 504, or the connection is closed when the response had begun.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long connections to the addresses of a name (ExternalName) are used before it is looked up again. Default 30 s, the TTL of cluster DNS.</summary>
    public TimeSpan NameLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether ExternalName Services may lead to loopback and link-local addresses.</summary>
    public bool AllowExternalNameLoopback { get; init; }
}
