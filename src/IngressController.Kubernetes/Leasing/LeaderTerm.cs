namespace IngressController.Kubernetes.Leasing;

/// <summary>
/// One time as the leader: it lasts until the renew deadline after the sending of the last successful renewal. Others take the lease not
/// before the lease duration after that renewal was carried out, which is later and longer.
/// </summary>
/// <remarks>
/// Time is that of the steady clock (CLOCK_MONOTONIC). It runs on while the process is stopped (SIGSTOP, a frozen cgroup, no processor
/// time), so <see cref="MayWrite"/> is false from the first instruction after that. It does not run while the whole machine is suspended,
/// and in a virtual machine that is paused or moved it may not: a term may seem younger then than it is. Nodes that are suspended while
/// they run Pods are the exception this does not cover.
/// </remarks>
public sealed class LeaderTerm
{
    private readonly Lock _lock = new();

    /// <summary>Not disposed, as works may ask at any time: cancelling gives its timer back, and every term ends so.</summary>
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
        Renewed(renewSent);
    }

    /// <summary>
    /// Cancelled when the term is over. A timer does that, and a process that wakes from a stop may go on elsewhere before its timers run:
    /// <see cref="RequireHeld"/> is what counts.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether nobody else can have the lease at this moment.</summary>
    public bool MayWrite
    {
        get
        {
            lock (_lock)
                return _endReason is null && !Lost.IsCancellationRequested && _time.GetElapsedTime(_renewSent) < _deadline;
        }
    }

    /// <summary>Why the term is over.</summary>
    internal string EndReason => Volatile.Read(ref _endReason) ?? $"the lease could not be renewed for {_deadline.TotalSeconds:0.#} s";

    /// <summary>To be called right before each write: passes while the lease is held, else ends the term and throws.</summary>
    /// <exception cref="OperationCanceledException">The term is over; <see cref="Lost"/> is cancelled.</exception>
    public void RequireHeld()
    {
        if (MayWrite)
            return;
        End(EndReason);
        throw new OperationCanceledException("this replica does not lead any more, so it writes nothing", Lost);
    }

    /// <param name="sent">The timestamp of just before the request that renewed the lease; it may be too old already.</param>
    internal void Renewed(long sent)
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
            // First, so that nobody who is called by the cancellation finds that he may still write.
            _endReason = reason;
        }

        _lost.Cancel();
    }
}
