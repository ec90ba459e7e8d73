namespace IngressController.Signals;

/// <summary>
/// A repeatable signal. A waiter reads <see cref="Next"/> before it checks the state, so that it misses no signal in between.
/// </summary>
internal sealed class Signal
{
    private TaskCompletionSource _next = New();

    /// <summary>A task that completes at the next <see cref="Set"/>.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Set() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Continuations run asynchronously, because <see cref="Set"/> is often called under a lock.</summary>
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
