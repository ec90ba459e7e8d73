namespace IngressController.Features.RateLimiting;

internal sealed partial class KeyedRateLimiter
{
    private volatile bool _isDisposed;

    /// <summary>
    /// Takes a permit like <see cref="TryAcquire(RateLimitKey)"/>; without one, waits for it if the queue of the rule has room.
    /// </summary>
    /// <exception cref="OperationCanceledException">The wait was canceled; no permit was taken.</exception>
    public ValueTask<RateLimitDecision> WaitAsync(RateLimitKey key, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled<RateLimitDecision>(cancellation);
        var decision = TryAcquire(key);
        return decision.IsAcquired || _rule.Queue == 0 ? new(decision) : EnqueueAsync(decision.Partition, cancellation);
    }

    private ValueTask<RateLimitDecision> EnqueueAsync(RateLimitKey partition, CancellationToken cancellation)
    {
        var shard = ShardOf(partition);
        lock (shard.Lock)
        {
            // A permit can have become available between the two locks.
            if (!shard.Queues.TryGetValue(partition, out var queue))
            {
                var decision = AcquireKnown_NeedsLock(shard, partition);
                if (decision.IsAcquired || _isDisposed)
                    return new(decision);
                shard.Queues.Add(partition, queue = new RateLimitQueue(partition));
            }
            else if (queue.Count >= _rule.Queue)
            {
                return new(Refused_NeedsLock(shard, partition));
            }

            var waiter = queue.Add();
            if (queue.Count == 1)
                Grant_NeedsLock(shard, queue);
            return new(AwaitAsync(shard, queue, waiter, cancellation));
        }
    }

    private static async Task<RateLimitDecision> AwaitAsync(
        RateLimitShard shard, RateLimitQueue queue, LinkedListNode<TaskCompletionSource<RateLimitDecision>> waiter, CancellationToken cancellation)
    {
        // The lock decides between permit and cancellation, so that a granted permit is never lost.
        await using var registration = cancellation.UnsafeRegister(_ =>
        {
            lock (shard.Lock)
            {
                if (!queue.Remove(waiter))
                    return;
                waiter.Value.SetCanceled(cancellation);
                RemoveIfEmpty_NeedsLock(shard, queue);
            }
        }, null);
        return await waiter.Value.Task;
    }

    /// <summary>Grants available permits to waiting requests in order, and starts the timer for the next permit.</summary>
    private void Grant_NeedsLock(RateLimitShard shard, RateLimitQueue queue)
    {
        while (queue.Count > 0)
        {
            var decision = AcquireKnown_NeedsLock(shard, queue.Partition);
            if (!decision.IsAcquired)
            {
                if (decision.RetryAfter > TimeSpan.Zero)
                    WakeAfter_NeedsLock(shard, queue, decision.RetryAfter);
                return;
            }

            queue.Complete(decision);
        }

        RemoveIfEmpty_NeedsLock(shard, queue);
    }

    private void WakeAfter_NeedsLock(RateLimitShard shard, RateLimitQueue queue, TimeSpan wait)
    {
        // Timers take whole milliseconds, at most about 49 days.
        var due = TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 1, int.MaxValue));
        queue.Timer ??= _time.CreateTimer(_ =>
        {
            lock (shard.Lock)
                Grant_NeedsLock(shard, queue);
        }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        queue.Timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private RateLimitDecision AcquireKnown_NeedsLock(RateLimitShard shard, RateLimitKey partition)
    {
        var now = Now;
        return Algorithm.TryAcquire(ref FindOrAdd_NeedsLock(shard, partition, isBounded: false, now), now) with { Partition = partition };
    }

    private RateLimitDecision Refused_NeedsLock(RateLimitShard shard, RateLimitKey partition)
    {
        var now = Now;
        var probe = FindOrAdd_NeedsLock(shard, partition, isBounded: false, now);
        return Algorithm.TryAcquire(ref probe, now) with { IsAcquired = false, Remaining = 0, Partition = partition };
    }

    private static void RemoveIfEmpty_NeedsLock(RateLimitShard shard, RateLimitQueue queue)
    {
        // Compared by identity: a late timer must not remove a newer queue of the key.
        if (queue.Count > 0 || !shard.Queues.TryGetValue(queue.Partition, out var current) || current != queue)
            return;
        shard.Queues.Remove(queue.Partition);
        queue.Dispose();
    }

    /// <summary>Refuses all waiting requests; afterwards no request can wait.</summary>
    private void RefuseAllWaiters()
    {
        _isDisposed = true;
        foreach (var shard in _shards.OfType<RateLimitShard>())
        {
            lock (shard.Lock)
            {
                foreach (var queue in shard.Queues.Values.ToArray())
                {
                    while (queue.Count > 0)
                        queue.Complete(Refused_NeedsLock(shard, queue.Partition));
                    RemoveIfEmpty_NeedsLock(shard, queue);
                }
            }
        }
    }
}
