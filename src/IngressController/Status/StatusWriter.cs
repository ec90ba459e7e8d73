using IngressController.Configuration;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;

namespace IngressController.Status;

/// <summary>
/// Keeps <c>status.loadBalancer</c> of our Ingresses as it should be. Level-triggered: whatever changes, it looks at all of them, and what
/// differs waits in a queue; right before a write it is decided anew from what is known then.
/// </summary>
internal sealed partial class StatusWriter(
    ClusterStore store, LiveRevision live, StatusTargets targets, StatusClient client, StatusMetrics metrics, IngressOptions options,
    ReflectorTimings timings, TimeProvider time, ILogger<StatusWriter> logger) : ILeaderWork
{
    /// <summary>The shortest time between two looks at all Ingresses.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after a look that failed there is another when nothing else changes.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the last work waits for others that look ready: replicas that are told to end at the same time, as when all of it is
    /// uninstalled, do so until the API server has heard of it.
    /// </summary>
    public static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(5);

    /// <summary>1,000 new Ingresses have their status within 20 s, and a new address of 10,000 does not keep etcd from its other work.</summary>
    private const int WritesPerSecond = 50;

    private const int WriteBurst = 100;
    private const int Writers = 4;
    private const int LastWriters = 8;

    private StatusLedger _ledger = new(timings, time);
    private volatile StatusTarget _target = StatusTarget.Unknown;
    private Backoff _serverBackoff = new(timings, time);

    public async Task RunAsync(CancellationToken lost)
    {
        // Another replica may have led meanwhile: what was known of the last time counts no more.
        (_ledger, _serverBackoff) = (new StatusLedger(timings, time), new Backoff(timings, time));
        var (queue, budget) = (new StatusQueue(), new WriteBudget(WritesPerSecond, WriteBurst, time));
        if (options is { Status.RemoveOnShutdown: true, Translation.ReplicasService: null })
            Log.NeverLast(logger);
        try
        {
            await live.First.WaitAsync(lost);
            await Task.WhenAll([FillAsync(queue, lost), .. Enumerable.Range(0, Writers).Select(_ => DrainAsync(queue, budget, lost))]);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // The leadership has ended.
        }
        finally
        {
            metrics.Pending = 0;
        }
    }

    /// <summary>The last replica takes the addresses back, where the operator wants it: nobody answers there any more.</summary>
    public async Task FinishAsync(CancellationToken deadline)
    {
        if (!options.Status.RemoveOnShutdown || options.Translation.ReplicasService is not { } replicas || !await IsLastAsync(replicas, deadline))
            return;
        var snapshot = store.Snapshot;
        var changes = StatusPlan.OfRemoval(live.Current.Translation, snapshot.Ingresses.Values.Select(_ledger.Current)).ToArray();
        var emptied = 0;
        try
        {
            await Parallel.ForEachAsync(
                changes, new ParallelOptions { MaxDegreeOfParallelism = LastWriters, CancellationToken = deadline }, async (change, cancellation) =>
                {
                    if ((await client.WriteAsync(change, cancellation)).Result is StatusResult.Written or StatusResult.Gone)
                        Interlocked.Increment(ref emptied);
                });
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            // What is left is said below.
        }

        Log.Emptied(logger, emptied, changes.Length);
    }

    /// <summary>Whether no other replica is ready, or none is any more after a while.</summary>
    private async Task<bool> IsLastAsync(ResourceName replicas, CancellationToken deadline)
    {
        for (var started = time.GetTimestamp(); HasOthers(replicas, store.Snapshot); await Task.Delay(Interval, time, deadline))
        {
            if (time.GetElapsedTime(started) >= LastPatience)
                return false;
        }

        return true;
    }

    /// <summary>Whether another replica is ready. One without a name may be our own endpoint, which is not ready soon.</summary>
    private bool HasOthers(ResourceName replicas, ClusterSnapshot snapshot) =>
        StatusAddresses.ReadyReplicas(replicas, snapshot).Any(replica => replica.TargetRef?.Name != options.Pod.Name);

    private async Task FillAsync(StatusQueue queue, CancellationToken lost)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            Task[] signals = [live.Next, store.NextStatus, queue.NextDone];
            var hasFailed = false;
            try
            {
                await LookAsync(queue, lost);
            }
            catch (Exception error) when (!lost.IsCancellationRequested)
            {
                hasFailed = true;
                Log.Defect(logger, error);
            }

            await WaitAsync(signals, hasFailed ? RetryInterval : Sooner(_ledger.UntilDue(), targets.UntilDue), lost);
            if (Interval - time.GetElapsedTime(started) is { Ticks: > 0 } rest)
                await Task.Delay(rest, time, lost);
        }
    }

    private async Task LookAsync(StatusQueue queue, CancellationToken lost)
    {
        var snapshot = store.Snapshot;
        _target = await targets.CurrentAsync(snapshot, lost);
        _ledger.Sweep(snapshot);
        var changes = StatusPlan.Of(live.Current.Translation, snapshot.Ingresses.Values.Select(_ledger.Current), _target).ToArray();
        _ledger.SetTakeBacks(changes.Where(change => change.IsTakeBack).Select(change => change.Name).ToHashSet());
        foreach (var change in changes.Where(_ledger.IsDue))
            queue.Add(change.Name);
        metrics.Pending = changes.Length;
    }

    private async Task DrainAsync(StatusQueue queue, WriteBudget budget, CancellationToken lost)
    {
        await foreach (var name in queue.Waiting.ReadAllAsync(lost))
        {
            try
            {
                await budget.WaitAsync(lost);
                if (Decide(name) is { } change)
                    Note(change, await client.WriteAsync(change, lost), budget);
            }
            catch (Exception error) when (!lost.IsCancellationRequested)
            {
                Log.Defect(logger, error);
            }
            finally
            {
                queue.Done(name);
            }
        }
    }

    private StatusChange? Decide(ResourceName name) =>
        store.Snapshot.Ingresses.TryGetValue(name, out var watched)
        && StatusPlan.For(_ledger.Current(watched), live.Current.Translation, _target) is { } change && _ledger.IsDue(change)
            ? change
            : null;

    /// <param name="signals">Any of them ends it.</param>
    /// <param name="atMost">So does this; null for no limit.</param>
    /// <param name="lost">Cancels it.</param>
    private async Task WaitAsync(Task[] signals, TimeSpan? atMost, CancellationToken lost)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(lost);
        // Delays are cut to whole milliseconds: one more, so that what it waits for is due then.
        var limit = atMost is { } wait
            ? Task.Delay((wait > TimeSpan.Zero ? wait : TimeSpan.Zero) + TimeSpan.FromMilliseconds(1), time, over.Token)
            : Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token);
        await Task.WhenAny([.. signals, limit]);
        await over.CancelAsync();
        lost.ThrowIfCancellationRequested();
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}
