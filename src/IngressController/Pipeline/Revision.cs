using IngressController.Http;
using IngressController.Matching;
using IngressController.Routing.Settings;
using IngressController.Routing.Translation;
using IngressController.Tls;
using IngressController.TrustedProxies;

namespace IngressController.Pipeline;

/// <summary>
/// A revision of the configuration: everything that requests, TLS handshakes, the admin API and leader tasks read. Immutable, and replaced
/// as a whole by <see cref="LiveRevision"/>, so that readers never mix two revisions.
/// <para>
/// These are mutable because they outlive a revision: the endpoints of an <see cref="Upstream.UpstreamCluster"/> (a change of endpoints
/// rebuilds only its cluster), the counters of <see cref="RequestMetrics"/>, and the state of rate limiters.
/// </para>
/// </summary>
internal sealed record Revision
{
    /// <summary>The translation that this revision is built from.</summary>
    public required Translation Translation { get; init; }

    public required HostTable Hosts { get; init; }

    public required CertificateTable Certificates { get; init; }

    /// <summary>The rules for forwarding headers; null if all forwarding settings have their defaults.</summary>
    public ForwardingRules? Forwarding { get; init; }

    /// <summary>The changes of every request, applied before those of its route.</summary>
    public RequestChange[] RequestChanges { get; init; } = [];

    /// <summary>The changes of every response, applied before those of its route, so that the Ingress takes precedence.</summary>
    public ResponseChange[] ResponseChanges { get; init; } = [];

    /// <summary>True until the first translation is live. Every request gets 503 until then.</summary>
    public bool IsInitial { get; init; }

    /// <summary>The certificate for a server name. An alias gets the certificate of its host if that is valid for the alias too.</summary>
    public CertificateMatch CertificateOf(string? serverName) => CertificateOf(serverName, Hosts.FindHost(serverName));

    /// <param name="host">The name as received.</param>
    /// <param name="match">Its entry in <see cref="Hosts"/>.</param>
    public CertificateMatch CertificateOf(string? host, HostMatch match) => Certificates.Find(HostHeader.NameOf(host), match.Alias?.Target);

    public GlobalSettings Settings => Translation.Global;

    /// <summary>Number of ready replicas of the controller, at least 1.</summary>
    public int Replicas => Translation.Table.Replicas;
}
