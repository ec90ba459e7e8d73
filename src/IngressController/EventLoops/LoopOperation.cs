using System.Threading.Tasks.Sources;

namespace IngressController.EventLoops;

/// <summary>
/// A read or write of a connection, which may wait for its loop; one at a time. Guarded by its lock, except for its end, which whoever has
/// claimed it calls after the lock.
/// </summary>
internal sealed class LoopOperation<T> : IValueTaskSource<T>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<T> _core;
    private CancellationTokenRegistration _registration;

    public Lock Lock { get; } = new();

    /// <summary>True while it waits.</summary>
    public bool IsPending { get; private set; }

    public ValueTask<T> Begin(CancellationToken cancellation)
    {
        Start(cancellation);
        return new(this, _core.Version);
    }

    public ValueTask BeginVoid(CancellationToken cancellation)
    {
        Start(cancellation);
        return new(this, _core.Version);
    }

    /// <summary>Whoever claims it ends it.</summary>
    public void Claim() => IsPending = false;

    /// <summary>Ends it.</summary>
    /// <param name="result">Its result, without a failure.</param>
    /// <param name="failure">Its failure, if any.</param>
    /// <param name="isAsynchronous">True to go on with what follows on another thread, because whoever calls may hold a lock.</param>
    public void End(T result, Exception? failure, bool isAsynchronous = false)
    {
        _registration.Unregister();
        _core.RunContinuationsAsynchronously = isAsynchronous;
        if (failure is null)
            _core.SetResult(result);
        else
            _core.SetException(failure);
    }

    /// <summary>Ends it on another thread, if it waits.</summary>
    public void Fail(Exception failure)
    {
        lock (Lock)
        {
            if (!IsPending)
                return;
            Claim();
        }

        End(default!, failure, isAsynchronous: true);
    }

    T IValueTaskSource<T>.GetResult(short token) => _core.GetResult(token);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Start(CancellationToken cancellation)
    {
        if (IsPending)
            throw new InvalidOperationException("another one waits");
        _core.Reset();
        IsPending = true;
        if (cancellation.CanBeCanceled)
            _registration = cancellation.UnsafeRegister(static (operation, token) => ((LoopOperation<T>)operation!).Fail(new OperationCanceledException(token)), this);
    }
}
