namespace IngressController.Features.RateLimiting;

/// <summary>The requests that wait for a permit of one key, in order of arrival. Guarded by the lock of the shard.</summary>
internal sealed class RateLimitQueue(RateLimitKey partition) : IDisposable
{
    private readonly LinkedList<TaskCompletionSource<RateLimitDecision>> _waiters = new();

    public RateLimitKey Partition { get; } = partition;

    /// <summary>Fires when the permit of the first waiter is due. Not used if permits are returned by other requests.</summary>
    public ITimer? Timer { get; set; }

    public int Count => _waiters.Count;

    public LinkedListNode<TaskCompletionSource<RateLimitDecision>> Add() =>
        // Continuations serve requests; they must not run on the thread that returns a permit and holds the lock.
        _waiters.AddLast(new TaskCompletionSource<RateLimitDecision>(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Completes the first waiter.</summary>
    public void Complete(in RateLimitDecision decision)
    {
        _waiters.First!.Value.SetResult(decision);
        _waiters.RemoveFirst();
    }

    /// <summary>Removes a waiter that is canceled. Returns false if it is already completed.</summary>
    public bool Remove(LinkedListNode<TaskCompletionSource<RateLimitDecision>> waiter)
    {
        if (waiter.List is null)
            return false;
        _waiters.Remove(waiter);
        return true;
    }

    public void Dispose() => Timer?.Dispose();
}
