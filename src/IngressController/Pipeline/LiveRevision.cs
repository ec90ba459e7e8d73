using IngressController.Signals;

namespace IngressController.Pipeline;

/// <summary>The one mutable holder of the configuration. The reconcile loop alone publishes; readers take <see cref="Current"/> once.</summary>
internal sealed class LiveRevision(Revision initial)
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _next = new();
    private volatile Revision _current = initial;

    public Revision Current => _current;

    /// <summary>Completes when the first revision is live.</summary>
    public Task First => _first.Task;

    /// <summary>Completes when a revision becomes live after this was read.</summary>
    public Task Next => _next.Next;

    public void Publish(Revision revision)
    {
        _current = revision;
        _first.TrySetResult();
        _next.Set();
    }
}
