using IngressController.Matching;
using IngressController.Routing.Settings;
using IngressController.Routing.Translation;
using IngressController.Tls;
using IngressController.TrustedProxies;

namespace IngressController.Pipeline;

/// <summary>
/// One revision of the configuration: everything that requests, handshakes, the admin API and the leader's tasks read. Immutable, and swapped as
/// a whole by <see cref="LiveRevision"/>, so that no reader mixes two revisions.
/// <para>
/// Mutable on purpose, because they outlive a revision: the endpoints of an <see cref="Upstream.UpstreamCluster"/> (a change of endpoints costs
/// only its cluster), the counters of <see cref="RequestMetrics"/>, and the state of rate limiters.
/// </para>
/// </summary>
internal sealed record Revision
{
    /// <summary>The translation that it was built from.</summary>
    public required Translation Translation { get; init; }

    public required HostTable Hosts { get; init; }

    public required CertificateTable Certificates { get; init; }

    /// <summary>The proxies whose forwarding headers are used; null when none are trusted and all forwarding settings are the defaults.</summary>
    public ForwardingRules? Forwarding { get; init; }

    /// <summary>The changes of every request, before those of its route.</summary>
    public RequestChange[] RequestChanges { get; init; } = [];

    /// <summary>The changes of every response, before those of its route, so that the Ingress has the last word.</summary>
    public ResponseChange[] ResponseChanges { get; init; } = [];

    /// <summary>True until the first translation is live: every request is answered with 503.</summary>
    public bool IsInitial { get; init; }

    public GlobalSettings Settings => Translation.Global;

    /// <summary>Ready replicas of this controller, at least 1.</summary>
    public int Replicas => Translation.Table.Replicas;
}
