using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Sources;

namespace IngressController.Admin;

/// <summary>
/// Whether this replica should get traffic: every list has been delivered once, the first table is live, the ports are open, and the end has
/// not begun.
/// </summary>
internal sealed class HealthState(ClusterStore store, LiveRevision revisions, Drain drain, IHostApplicationLifetime lifetime)
{
    /// <summary>Why not, for people; null means ready. Once ready, losing the API server does not change it: the last table serves on.</summary>
    public string? NotReadyReason =>
        drain.HasBegun ? "shutting down"
        : store.Awaited is { Length: > 0 } awaited ? $"waiting for {string.Join(", ", awaited)}"
        : !revisions.Current.IsInitial ? (lifetime.ApplicationStarted.IsCancellationRequested ? null : "the ports are not open yet")
        : store.References.Awaited is { Length: > 0 } named ? $"waiting for {string.Join(", ", named)}"
        : "the first configuration is not live yet";
}
