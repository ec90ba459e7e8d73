using System.Diagnostics;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;

namespace IngressController.Reconciliation;

/// <summary>
/// The one loop: take the newest snapshot, translate it, make it live. A change after a quiet time is live at once; under a stream of
/// changes there is a pass every 100 ms, and the latest state wins.
/// </summary>
internal sealed partial class ReconcileLoop(
    ClusterStore store, RevisionBuilder builder, LiveRevision live, ReconcileMetrics metrics,
    TimeProvider time, ILogger<ReconcileLoop> logger) : BackgroundService
{
    /// <summary>The shortest time between two passes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after a failed pass it is tried again when nothing else changes.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a pass waits for Secrets and ConfigMaps that are named for the first time. It spares a new host its start without them;
    /// other changes must not wait longer than that for an API server that is slow.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it is looked whether the first revision still needs what has not come: no traffic comes before it.</summary>
    public static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Changes that a failed pass could not apply; they are tried again together with the next ones, or by themselves after a while.
        var pending = new ClusterChanges();
        while (true)
        {
            var changed = store.WaitForChangeAsync(stoppingToken);
            await (pending.IsEmpty ? changed : Task.WhenAny(changed, Task.Delay(RetryInterval, time, stoppingToken)));
            stoppingToken.ThrowIfCancellationRequested();
            if (store.Take() is not var (snapshot, changes))
                continue;

            var started = time.GetTimestamp();
            changes.UnionWith(pending);
            pending = await TryApplyAsync(snapshot, changes, stoppingToken) ? new ClusterChanges() : changes;
            var rest = Interval - time.GetElapsedTime(started);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, stoppingToken);
        }
    }

    /// <summary>Translates and publishes one snapshot, or a newer one. Certificates first, then clusters and routes.</summary>
    internal async Task<bool> TryApplyAsync(ClusterSnapshot snapshot, ClusterChanges changes, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var translation = await TranslateAsync(snapshot, changes, cancellation);
            var revision = builder.Build(live.Current, translation);
            metrics.Applied(Stopwatch.GetElapsedTime(start));
            // The first lists leave much garbage behind; it is collected before traffic comes, not during it.
            if (live.Current.IsInitial)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            live.Publish(revision);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // A defect of ours, as translation takes any input. The last table serves on, and the loop tries again.
            metrics.Failed();
            Log.Failed(logger, error);
            return false;
        }
    }

    /// <summary>
    /// Translates, and when that names Secrets or ConfigMaps for the first time, translates again with what has come of them by then.
    /// Before the first revision all of them must come.
    /// </summary>
    private async Task<Translation> TranslateAsync(ClusterSnapshot snapshot, ClusterChanges changes, CancellationToken cancellation)
    {
        for (var hasWaited = false; ; hasWaited = true)
        {
            var isFirst = live.Current.IsInitial;
            var translation = RoutingTableTranslator.Translate(live.Current.Translation, snapshot, changes);
            var arriving = store.References.Want(translation.References, waitForAll: isFirst);
            if (arriving.IsCompleted || (hasWaited && !isFirst))
                return translation;
            await arriving.WaitAsync(isFirst ? FirstPatience : Patience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            if (store.Take() is not var (newest, more))
                continue;
            snapshot = newest;
            changes.UnionWith(more);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "a change could not be applied; the last configuration serves on. Please report this defect")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
