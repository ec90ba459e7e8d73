namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// A term as the leader. It lasts until the renew deadline after the last successful renewal was sent. Others acquire the lease no earlier
/// than the lease duration after that renewal was carried out, which starts later and is longer.
/// </summary>
/// <remarks>
/// Time is that of the monotonic clock (CLOCK_MONOTONIC). It continues while the process is suspended (SIGSTOP, a frozen cgroup, no
/// processor time), so <see cref="MayWrite"/> is false from the first instruction after that. It stops while the whole machine is
/// suspended, and it may stop while a virtual machine is paused or migrated: then a term seems younger than it is. Nodes that are suspended
/// while they run Pods are not covered.
/// </remarks>
public sealed class LeaderTerm
{
    private readonly Lock _lock = new();

    /// <summary>
    /// Not disposed, because leader tasks may use it at any time. Every term ends with its cancellation, which frees the timer.
    /// </summary>
    private readonly CancellationTokenSource _lost;
    private readonly TimeProvider _time;
    private readonly TimeSpan _deadline;
    private long _renewSent;
    private string? _endReason;

    internal LeaderTerm(long renewSent, TimeSpan deadline, TimeProvider time)
    {
        _time = time;
        _deadline = deadline;
        _lost = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        Lost = _lost.Token;
        Renew(renewSent);
    }

    /// <summary>
    /// Cancelled when the term is over. A timer cancels it, and a process that was suspended may run other code before its timers: only
    /// <see cref="RequireHeld"/> is reliable.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>True if no other candidate can hold the lease at this moment.</summary>
    public bool MayWrite
    {
        get
        {
            lock (_lock)
                return _endReason is null && !Lost.IsCancellationRequested && _time.GetElapsedTime(_renewSent) < _deadline;
        }
    }

    /// <summary>The reason why the term is over.</summary>
    internal string EndReason => Volatile.Read(ref _endReason) ?? $"the lease could not be renewed for {_deadline.TotalSeconds:0.#} s";

    /// <summary>Passes while the lease is held, otherwise ends the term and throws. Call it right before each write.</summary>
    /// <exception cref="OperationCanceledException">The term is over; <see cref="Lost"/> is cancelled.</exception>
    public void RequireHeld()
    {
        if (MayWrite)
            return;
        End(EndReason);
        throw new OperationCanceledException("this replica is no longer the leader and must not write", Lost);
    }

    /// <param name="sent">The timestamp taken just before the request that renewed the lease; it may be too old already.</param>
    internal void Renew(long sent)
    {
        TimeSpan left;
        lock (_lock)
        {
            if (_endReason is not null)
                return;
            _renewSent = sent;
            left = _deadline - _time.GetElapsedTime(sent);
            if (left > TimeSpan.Zero)
                _lost.CancelAfter(left);
        }

        if (left <= TimeSpan.Zero)
            End(EndReason);
    }

    internal void End(string reason)
    {
        lock (_lock)
        {
            if (_endReason is not null)
                return;
            // Set before the cancellation, so that no callback of it finds that it may still write.
            _endReason = reason;
        }

        _lost.Cancel();
    }
}
