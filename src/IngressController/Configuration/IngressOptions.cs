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

    public PodOptions Pod { get; init; } = new();

    public LeaderElectionOptions LeaderElection { get; init; } = new();

    public StatusOptions Status { get; init; } = new();

    public ShutdownOptions Shutdown { get; init; } = new();

    /// <summary>What is logged: this and what is worse. Information is what an operator would act on; Debug has every retry.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
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

    /// <summary>How long the http and https ports stay closed while there is nothing to serve yet. Default 30 s; zero opens them at once.</summary>
    public TimeSpan InitialSyncTimeout { get; init; } = TimeSpan.FromSeconds(30);

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

/// <summary>The Pod this process runs in, as its manifest tells it (<c>POD_NAMESPACE</c>, <c>POD_NAME</c>).</summary>
public sealed record PodOptions
{
    /// <summary>Its namespace; null outside a cluster. The Lease of the leader election is kept there.</summary>
    public string? Namespace { get; init; }

    /// <summary>Its name; default the host's name, which is the same unless the Pod uses the host's network.</summary>
    public string Name { get; init; } = Environment.MachineName;
}

/// <summary>Which replica writes to the API server. Times are those of client-go; the lease is longer than the deadline, and that longer than the retry period.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>Whether this process takes part; one that does not never writes.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The name of the Lease, in the namespace of the Pod.</summary>
    public string LeaseName { get; init; } = "yarp-ingress-leader";

    /// <summary>How long others wait after the last renewal they saw before they take the lease.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the leader tries to renew before it ends its work.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two tries.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>What the leader writes back to the cluster.</summary>
public sealed record StatusOptions
{
    /// <summary>Whether <c>status.loadBalancer</c> of our Ingresses is written.</summary>
    public bool UpdateStatus { get; init; } = true;

    /// <summary>The Service whose addresses the status shows; null means <see cref="PublishAddresses"/>, else the nodes of the replicas.</summary>
    public ResourceName? PublishService { get; init; }

    /// <summary>IP addresses and host names the status shows; they go before everything else.</summary>
    public IReadOnlyList<string> PublishAddresses { get; init; } = [];

    /// <summary>
    /// Whether the last replica empties the status of our Ingresses when it ends. It knows that it is the last by
    /// <see cref="TranslationSettings.ReplicasService"/>; without that nothing is emptied.
    /// </summary>
    public bool RemoveOnShutdown { get; init; }

    /// <summary>Whether diagnostics become Events of the objects they are about.</summary>
    public bool EmitEvents { get; init; } = true;
}

/// <summary>How a process that is told to end (SIGTERM) does so without a failed request.</summary>
public sealed record ShutdownOptions
{
    /// <summary>How long it serves on after it has become not ready, so that load balancers and kube-proxy notice.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long requests in flight may take after that.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);
}
