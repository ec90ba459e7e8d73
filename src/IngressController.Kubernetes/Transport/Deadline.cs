namespace IngressController.Kubernetes.Transport;

/// <summary>Cancels when its time has passed without an extension or when the caller cancels, and tells the two apart.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _duration;

    public Deadline(TimeSpan duration, TimeProvider time, CancellationToken caller)
    {
        _duration = duration;
        _caller = caller;
        _timer = new CancellationTokenSource(duration, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, caller);
    }

    public CancellationToken Token => _linked.Token;

    public bool HasPassed => _timer.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Restarts the whole duration.</summary>
    public void Extend() => _timer.CancelAfter(_duration);

    /// <summary>Starts a new duration.</summary>
    public void ExtendTo(TimeSpan duration) => _timer.CancelAfter(duration);

    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }
}
