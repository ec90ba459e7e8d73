using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Sources;

namespace IngressController.Admin;

/// <summary>
/// The readiness of this replica. It is ready when every list has been delivered once, the first revision is live and the ports are open,
/// until the shutdown begins.
/// </summary>
internal sealed class HealthState(ClusterStore store, LiveRevision revisions, Drain drain, IHostApplicationLifetime lifetime)
{
    /// <summary>
    /// The reason why the replica is not ready, as text for people; null when it is ready. A replica that is ready stays ready without the
    /// API server, because the last revision stays live.
    /// </summary>
    public string? NotReadyReason =>
        drain.HasBegun ? "shutting down"
        : store.PendingLists is { Length: > 0 } lists ? $"waiting for {string.Join(", ", lists)}"
        : !revisions.Current.IsInitial ? (lifetime.ApplicationStarted.IsCancellationRequested ? null : "the ports are not open yet")
        : store.References.Pending is { Length: > 0 } objects ? $"waiting for {string.Join(", ", objects)}"
        : "the first configuration is not live yet";
}
