namespace IngressController.Signals;

/// <summary>Says again and again that something has happened. Who waits takes <see cref="Next"/> before he looks, so that nothing is missed in between.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes when it happens after this was read.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Set() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Who waits goes on elsewhere: it is often said under a lock.</summary>
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
