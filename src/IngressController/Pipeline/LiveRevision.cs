using IngressController.Signals;

namespace IngressController.Pipeline;

/// <summary>
/// The mutable reference to the live revision. Only the reconcile loop publishes; readers read <see cref="Current"/> once.
/// </summary>
internal sealed class LiveRevision(Revision initial)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _next = new();
    private volatile Revision _current = initial;

    public Revision Current => _current;

    /// <summary>Completes when the first revision is published.</summary>
    public Task First => _first.Task;

    /// <summary>Completes when the next revision is published.</summary>
    public Task Next => _next.Next;

    public void Publish(Revision revision)
    {
        _current = revision;
        _first.TrySetResult();
        _next.Set();
    }
}
