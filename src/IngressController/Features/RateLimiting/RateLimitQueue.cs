namespace IngressController.Features.RateLimiting;

/// <summary>The requests that wait for a permit of one key, in order of arrival. Touched only by who holds the shard's lock.</summary>
internal sealed class RateLimitQueue(RateLimitKey partition) : IDisposable
{
    private readonly LinkedList<TaskCompletionSource<RateLimitDecision>> _waiters = new();

    public RateLimitKey Partition { get; } = partition;

    /// <summary>Fires when the first waiter's permit is due. Unused where permits come back rather than grow.</summary>
    public ITimer? Timer { get; set; }

    public int Count => _waiters.Count;

    public LinkedListNode<TaskCompletionSource<RateLimitDecision>> Add() =>
        // Continuations are requests; they must not run in who gives a permit back, and holds the lock.
        _waiters.AddLast(new TaskCompletionSource<RateLimitDecision>(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Answers the first.</summary>
    public void Complete(in RateLimitDecision decision)
    {
        _waiters.First!.Value.SetResult(decision);
        _waiters.RemoveFirst();
    }

    /// <summary>Takes a waiter out, who has then given up; false where it has its answer already.</summary>
    public bool Remove(LinkedListNode<TaskCompletionSource<RateLimitDecision>> waiter)
    {
        if (waiter.List is null)
            return false;
        _waiters.Remove(waiter);
        return true;
    }

    public void Dispose() => Timer?.Dispose();
}
