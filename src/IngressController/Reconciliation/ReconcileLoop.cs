using System.Diagnostics;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;

namespace IngressController.Reconciliation;

/// <summary>
/// The reconcile loop: takes the newest snapshot, translates it and publishes the revision. A change after an idle time is live at once;
/// under a stream of changes there is a pause after each pass, of 10 to 100 ms by its duration, and the latest state applies.
/// </summary>
internal sealed partial class ReconcileLoop(
    ClusterStore store, RevisionBuilder builder, LiveRevision live, ReconcileMetrics metrics,
    TimeProvider time, ILogger<ReconcileLoop> logger) : BackgroundService
{
    /// <summary>The longest pause after a pass.</summary>
    public static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(100);

    /// <summary>The shortest pause after a pass.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(10);

    /// <summary>The pause after a pass in durations of it: passes take at most a fifth of the time, unless a single one is very long.</summary>
    private const int PauseFactor = 4;

    /// <summary>The time after which a failed pass is retried if nothing else changes.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>The time that a pass waits for Services that new Ingresses name, so that a new route does not begin with 503.</summary>
    public static readonly TimeSpan ArrivalTimeout = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The time that a pass waits for Secrets and ConfigMaps that are referenced for the first time, so that a new host does not start
    /// without them. Other changes must not wait longer for a slow API server.
    /// </summary>
    public static readonly TimeSpan FetchTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The interval of retranslations while the first revision waits for referenced objects. There is no traffic before it.
    /// </summary>
    public static readonly TimeSpan FirstFetchInterval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Changes that a failed pass could not apply. They are retried with the next changes, or alone after the retry interval.
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
            var pause = PauseFactor * time.GetElapsedTime(started);
            await Task.Delay(pause < MinPause ? MinPause : pause > MaxPause ? MaxPause : pause, time, stoppingToken);
        }
    }

    /// <summary>The snapshot when the Services of new Ingresses have arrived, or do not in time. Adds the changes since.</summary>
    private async Task<ClusterSnapshot> WithServicesAsync(ClusterSnapshot snapshot, ClusterChanges changes, CancellationToken cancellation)
    {
        var before = live.Current.Translation.Snapshot;
        if (live.Current.IsInitial || !NewIngresses.AwaitServices(before, snapshot, changes))
            return snapshot;
        var timeout = Task.Delay(ArrivalTimeout, time, cancellation);
        do
        {
            await Task.WhenAny(store.WaitForChangeAsync(cancellation), timeout);
            cancellation.ThrowIfCancellationRequested();
            snapshot = Newest(snapshot, changes);
        }
        while (!timeout.IsCompleted && NewIngresses.AwaitServices(before, snapshot, changes));
        return snapshot;
    }

    /// <summary>Translates and publishes a snapshot, or a newer one if it has to wait for referenced objects.</summary>
    internal async Task<bool> TryApplyAsync(ClusterSnapshot snapshot, ClusterChanges changes, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var translation = await TranslateAsync(snapshot, changes, cancellation);
            var revision = builder.Build(live.Current, translation);
            metrics.Applied(Stopwatch.GetElapsedTime(start));
            // The first lists create much garbage. It is collected before traffic begins, not during it.
            if (live.Current.IsInitial)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            live.Publish(revision);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // A bug in the controller, because translation accepts any input. The last revision stays live, and the loop retries.
            metrics.Failed();
            Log.Failed(logger, error);
            return false;
        }
    }

    /// <summary>
    /// Translates a snapshot. If it references Secrets or ConfigMaps for the first time, waits for them and translates again. The first
    /// revision waits for all of them.
    /// </summary>
    private async Task<Translation> TranslateAsync(ClusterSnapshot snapshot, ClusterChanges changes, CancellationToken cancellation)
    {
        snapshot = await WithServicesAsync(snapshot, changes, cancellation);
        for (var hasWaited = false; ; hasWaited = true)
        {
            var isFirst = live.Current.IsInitial;
            var translation = RoutingTableTranslator.Translate(live.Current.Translation, snapshot, changes);
            var fetching = store.References.RequestAsync(translation.References, waitForAll: isFirst);
            if (fetching.IsCompleted || (hasWaited && !isFirst))
                return translation;
            await fetching.WaitAsync(isFirst ? FirstFetchInterval : FetchTimeout, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
            snapshot = Newest(snapshot, changes);
        }
    }

    /// <summary>The newest snapshot. Adds the changes since.</summary>
    private ClusterSnapshot Newest(ClusterSnapshot snapshot, ClusterChanges changes)
    {
        if (store.Take() is not var (newest, more))
            return snapshot;
        changes.UnionWith(more);
        return newest;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "a change could not be applied; the last revision stays live. This is a bug in the controller, please report it")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
