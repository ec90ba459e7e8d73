using IngressController.Configuration;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Sources;

namespace IngressController.Status;

/// <summary>
/// Writes <c>status.loadBalancer</c> of the claimed Ingresses. Level-triggered: at any change it compares all of them and queues those that
/// differ. Right before a write the change is computed again from the current state.
/// </summary>
internal sealed partial class StatusWriter(
    ClusterStore store, LiveRevision live, StatusTargets targets, StatusClient client, StatusMetrics metrics, IngressOptions options,
    ReflectorTimings timings, TimeProvider time, ILogger<StatusWriter> logger) : ILeaderTask
{
    /// <summary>The minimum time between two comparisons of all Ingresses.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>The time after which a failed comparison is retried if nothing else changes.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time that the reset at shutdown waits for other ready replicas. Replicas that shut down at the same time, as when the whole
    /// installation is removed, appear ready until the API server is updated.
    /// </summary>
    public static readonly TimeSpan LastReplicaTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Number of writes per second. 1,000 new Ingresses have their status within 20 s, and a new address in 10,000 does not overload etcd.
    /// </summary>
    private const int WritesPerSecond = 50;

    private const int WriteBurst = 100;
    private const int Writers = 4;
    private const int ShutdownWriters = 8;

    private StatusWriteHistory _history = new(timings, time);
    private volatile StatusTarget _target = StatusTarget.Unknown;
    private Backoff _serverBackoff = new(timings, time);

    public async Task RunAsync(CancellationToken lost)
    {
        // Another replica may have led since the last term, so its history is obsolete.
        (_history, _serverBackoff) = (new StatusWriteHistory(timings, time), new Backoff(timings, time));
        var (queue, limiter) = (new StatusQueue(), new WriteRateLimiter(WritesPerSecond, WriteBurst, time));
        if (options is { Status.RemoveOnShutdown: true, Translation.ReplicasService: null })
            Log.ResetOnShutdownUnavailable(logger);
        try
        {
            await live.First.WaitAsync(lost);
            await Task.WhenAll([FillQueueAsync(queue, lost), .. Enumerable.Range(0, Writers).Select(_ => WriteQueuedAsync(queue, limiter, lost))]);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // The term has ended.
        }
        finally
        {
            metrics.Pending = 0;
        }
    }

    /// <summary>Resets the status of all claimed Ingresses if the options ask for it and this is the last replica.</summary>
    public async Task FinishAsync(CancellationToken deadline)
    {
        if (!options.Status.RemoveOnShutdown || options.Translation.ReplicasService is not { } replicas || !await IsLastAsync(replicas, deadline))
            return;
        var snapshot = store.Snapshot;
        var changes = StatusPlan.OfReset(live.Current.Translation, snapshot.Ingresses.Values.Select(_history.Current)).ToArray();
        var reset = 0;
        try
        {
            await Parallel.ForEachAsync(
                changes, new ParallelOptions { MaxDegreeOfParallelism = ShutdownWriters, CancellationToken = deadline }, async (change, cancellation) =>
                {
                    if ((await client.WriteAsync(change, cancellation)).Result is StatusResult.Written or StatusResult.Gone)
                        Interlocked.Increment(ref reset);
                });
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            // The log line below has the number of those that were reset.
        }

        Log.ResetOnShutdown(logger, reset, changes.Length);
    }

    /// <summary>True if no other replica is ready, or none is any more within <see cref="LastReplicaTimeout"/>.</summary>
    private async Task<bool> IsLastAsync(ResourceName replicas, CancellationToken deadline)
    {
        for (var started = time.GetTimestamp(); HasOthers(replicas, store.Snapshot); await Task.Delay(Interval, time, deadline))
        {
            if (time.GetElapsedTime(started) >= LastReplicaTimeout)
                return false;
        }

        return true;
    }

    /// <summary>
    /// True if another replica is ready. An endpoint without a Pod name may be the one of this Pod, which is not ready soon.
    /// </summary>
    private bool HasOthers(ResourceName replicas, ClusterSnapshot snapshot) =>
        StatusAddresses.ReadyReplicas(replicas, snapshot).Any(replica => replica.TargetRef?.Name != options.Pod.Name);

    private async Task FillQueueAsync(StatusQueue queue, CancellationToken lost)
    {
        while (true)
        {
            var started = time.GetTimestamp();
            Task[] signals = [live.Next, store.NextStatusChange, queue.NextDone];
            var hasFailed = false;
            try
            {
                await QueueChangesAsync(queue, lost);
            }
            catch (Exception error) when (!lost.IsCancellationRequested)
            {
                hasFailed = true;
                Log.PlanFailed(logger, error);
            }

            await WaitAsync(signals, hasFailed ? RetryInterval : Min(_history.UntilDue(), targets.UntilDue), lost);
            if (Interval - time.GetElapsedTime(started) is { Ticks: > 0 } rest)
                await Task.Delay(rest, time, lost);
        }
    }

    private async Task QueueChangesAsync(StatusQueue queue, CancellationToken lost)
    {
        var snapshot = store.Snapshot;
        _target = await targets.CurrentAsync(snapshot, lost);
        _history.RemoveObsolete(snapshot);
        var changes = StatusPlan.Of(live.Current.Translation, snapshot.Ingresses.Values.Select(_history.Current), _target).ToArray();
        _history.SetResets(changes.Where(change => change.IsReset).Select(change => change.Name).ToHashSet());
        foreach (var change in changes.Where(_history.IsDue))
            queue.Add(change.Name);
        metrics.Pending = changes.Length;
    }

    private async Task WriteQueuedAsync(StatusQueue queue, WriteRateLimiter limiter, CancellationToken lost)
    {
        await foreach (var name in queue.Waiting.ReadAllAsync(lost))
        {
            try
            {
                await limiter.WaitAsync(lost);
                if (ChangeFor(name) is { } change)
                    HandleResponse(change, await client.WriteAsync(change, lost), limiter);
            }
            catch (Exception error) when (!lost.IsCancellationRequested)
            {
                Log.PlanFailed(logger, error);
            }
            finally
            {
                queue.Done(name);
            }
        }
    }

    private StatusChange? ChangeFor(ResourceName name) =>
        store.Snapshot.Ingresses.TryGetValue(name, out var watched)
        && StatusPlan.For(_history.Current(watched), live.Current.Translation, _target) is { } change && _history.IsDue(change)
            ? change
            : null;

    /// <summary>Waits for a signal.</summary>
    /// <param name="signals">The signals; any of them ends the wait.</param>
    /// <param name="timeout">The maximum time; null for no limit.</param>
    /// <param name="lost">Cancels the wait.</param>
    private async Task WaitAsync(Task[] signals, TimeSpan? timeout, CancellationToken lost)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(lost);
        // Delays are truncated to whole milliseconds. One more makes sure that the change is due after the delay.
        var limit = timeout is { } wait
            ? Task.Delay((wait > TimeSpan.Zero ? wait : TimeSpan.Zero) + TimeSpan.FromMilliseconds(1), time, over.Token)
            : Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token);
        await Task.WhenAny([.. signals, limit]);
        await over.CancelAsync();
        lost.ThrowIfCancellationRequested();
    }

    private static TimeSpan? Min(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}
