using System.Net;
using IngressController.Routing.Translation;

namespace IngressController.Configuration;

/// <summary>All options of <c>run</c>, one record per area. They do not change after the start.</summary>
public sealed record IngressOptions
{
    public SourceOptions Source { get; init; } = new();

    public ListenerOptions Listener { get; init; } = new();

    public OverloadOptions Overload { get; init; } = new();

    public UpstreamOptions Upstream { get; init; } = new();

    public SessionAffinityOptions SessionAffinity { get; init; } = new();

    public TranslationSettings Translation { get; init; } = new();

    public PodOptions Pod { get; init; } = new();

    public LeaderElectionOptions LeaderElection { get; init; } = new();

    public StatusOptions Status { get; init; } = new();

    public ShutdownOptions Shutdown { get; init; } = new();

    /// <summary>The minimum level that is logged. Information has what operators need; Debug has every retry.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;
}

/// <summary>The source of the cluster objects.</summary>
public sealed record SourceOptions
{
    /// <summary>A folder of manifests that replaces the API server; null for the API server.</summary>
    public string? Manifests { get; init; }

    /// <summary>The kubeconfig file; null for in-cluster credentials, else KUBECONFIG, else ~/.kube/config.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The context of the kubeconfig; null for its current context.</summary>
    public string? Context { get; init; }

    /// <summary>The namespaces to watch; empty for all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];
}

/// <summary>The ports that clients connect to. A port of 0 takes any free port.</summary>
public sealed record ListenerOptions
{
    public IPAddress BindAddress { get; init; } = IPAddress.IPv6Any;

    public int HttpPort { get; init; } = 8080;

    public int HttpsPort { get; init; } = 8443;

    public int AdminPort { get; init; } = 10254;

    /// <summary>
    /// The maximum time that the http and https ports stay closed while there is nothing to serve yet. Default 30 s; zero opens them at
    /// once.
    /// </summary>
    public TimeSpan InitialSyncTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The path of health checks on the http and https ports; null for none.</summary>
    public string? HealthPath { get; init; }

    /// <summary>
    /// The maximum number of header fields of a request. Default 1,000: HTTP/2 sends each cookie as a field of its own (RFC 9113, 8.2.3).
    /// </summary>
    public int MaxRequestHeaderFields { get; init; } = 1000;

    /// <summary>The maximum size of all header fields of a request, in bytes. Default 32 KiB, as in nginx; HTTP/2 counts 32 bytes more per field.</summary>
    public int MaxRequestHeaderSize { get; init; } = 32 << 10;

    /// <summary>The maximum length of the request line, in bytes. Default 8 KiB, as in nginx.</summary>
    public int MaxRequestLineSize { get; init; } = 8 << 10;

    /// <summary>True if lines of a head may end in a bare LF. The switch of Kestrel applies to the process.</summary>
    public bool AllowBareLineFeed { get; init; }

    /// <summary>True if TRACE is forwarded. It makes a backend repeat a request with its credentials.</summary>
    public bool AllowTrace { get; init; }
    /// <summary>
    /// The time after which an exchange ends whose client takes no bytes of a waiting response. Default 15 s; zero for no limit.
    /// </summary>
    public TimeSpan ResponseStallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The minimum rate of a client that takes a waiting response, in bytes per second. Default 100, a twentieth of what GPRS has; 0 for none.
    /// </summary>
    public int MinResponseRate { get; init; } = 100;

    /// <summary>
    /// The minimum rate of the body of a request, in bytes per second on average, while the proxy waits for it. Default 100; 0 for none.
    /// </summary>
    public int MinRequestBodyRate { get; init; } = 100;

    /// <summary>The time that the body of a request has before its rate matters. Default 30 s.</summary>
    public TimeSpan RequestBodyGracePeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True if connections of clients and of endpoints are served by event loops; false if by the sockets of .NET.</summary>
    public bool EventLoops { get; init; } = true;

    /// <summary>True if responses have a Server header: that of the backend, else that of the proxy.</summary>
    public bool ServerHeader { get; init; } = true;
}

/// <summary>The connections to endpoints.</summary>
public sealed record UpstreamOptions
{
    /// <summary>The time limit for a connection, TLS included. The response is 504 then.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time limit for an exchange that is idle in both directions. The response is 504 then; if it has begun, the connection is closed.
    /// </summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The lifetime of connections to an ExternalName, after which the name is resolved again. Default 30 s, the TTL of cluster DNS.
    /// </summary>
    public TimeSpan NameLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// True if requests of HTTP/1.1 are sent over the controller's own connections; false if always the HTTP client of .NET sends them.
    /// </summary>
    public bool DirectForwarding { get; init; } = true;

    /// <summary>True if ExternalName Services may lead to loopback and link-local addresses.</summary>
    public bool AllowExternalNameLoopback { get; init; }
}

/// <summary>The Pod of this process, from the environment (<c>POD_NAMESPACE</c>, <c>POD_NAME</c>).</summary>
public sealed record PodOptions
{
    /// <summary>The namespace of the Pod, which also contains the Lease of the leader election; null outside a cluster.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name of the Pod; default the host name, which is the same unless the Pod uses the host network.</summary>
    public string Name { get; init; } = Environment.MachineName;
}

/// <summary>
/// The leader election. The default times are those of client-go. The lease duration is longer than the renew deadline, which is longer
/// than the retry period.
/// </summary>
public sealed record LeaderElectionOptions
{
    /// <summary>True if this process takes part in the election. A process that does not never writes.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The name of the Lease, in the namespace of the Pod.</summary>
    public string LeaseName { get; init; } = "yarp-ingress-leader";

    /// <summary>The time after the last observed renewal when other replicas acquire the lease.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The time after which a leader that cannot renew the lease stops its tasks.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two attempts.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>The status and the Events that the leader writes.</summary>
public sealed record StatusOptions
{
    /// <summary>True if <c>status.loadBalancer</c> of the claimed Ingresses is written.</summary>
    public bool UpdateStatus { get; init; } = true;

    /// <summary>The Service whose addresses the status shows; null for the nodes of the replicas.</summary>
    public ResourceName? PublishService { get; init; }

    /// <summary>The IP addresses and host names that the status shows. They take precedence over all other addresses.</summary>
    public IReadOnlyList<string> PublishAddresses { get; init; } = [];

    /// <summary>
    /// True if the last replica resets the status of the claimed Ingresses when it shuts down. It needs
    /// <see cref="TranslationSettings.ReplicasService"/> to know that it is the last.
    /// </summary>
    public bool RemoveOnShutdown { get; init; }

    /// <summary>True if diagnostics are reported as Events of their objects.</summary>
    public bool EmitEvents { get; init; } = true;
}

/// <summary>The shutdown without failed requests after SIGTERM.</summary>
public sealed record ShutdownOptions
{
    /// <summary>The time in which the replica is not ready and still serves, so that load balancers and kube-proxy notice.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time limit for requests in flight after the delay.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(30);
}
