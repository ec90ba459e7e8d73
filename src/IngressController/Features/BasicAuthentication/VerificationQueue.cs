using IngressController.Http;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// A bounded queue of verifications, served round robin over the sets of users, so that a busy set does not delay others. A verification
/// counts towards the limits until it completes.
/// </summary>
internal sealed class VerificationQueue(BasicAuthenticationOptions options)
{
    // A monitor instead of a Lock, because workers wait on it.
    private readonly object _monitor = new();
    private readonly Dictionary<VerdictKey, PasswordVerification> _pending = [];
    private readonly Dictionary<CredentialSet, Lane> _lanes = [];
    private readonly LinkedList<Lane> _turns = [];
    private bool _isClosed;

    /// <summary>Number of verifications that wait or run.</summary>
    public int Count
    {
        get
        {
            lock (_monitor)
                return _pending.Count;
        }
    }

    /// <summary>
    /// Adds the verification, or returns an equal one that is pending; returns null if a limit is reached. Call <see cref="Release"/> when
    /// the request no longer waits.
    /// </summary>
    public PasswordVerification? Enqueue(PasswordVerification verification)
    {
        lock (_monitor)
        {
            if (_isClosed)
                return null;
            if (_pending.TryGetValue(verification.Key, out var equal))
            {
                equal.Waiters++;
                return equal;
            }

            var lane = _lanes.GetValueOrDefault(verification.Users);
            var ofClient = lane?.PendingPerClient.GetValueOrDefault(verification.Client) ?? 0;
            if (_pending.Count >= options.MaxPending || lane?.Count >= options.MaxPendingPerSet || ofClient >= options.MaxPendingPerClient)
                return null;

            if (lane is null)
                _lanes.Add(verification.Users, lane = new Lane());
            _pending.Add(verification.Key, verification);
            lane.Count++;
            lane.PendingPerClient[verification.Client] = ofClient + 1;
            lane.Waiting.AddLast(verification.Node);
            if (lane.Waiting.Count == 1)
                _turns.AddLast(lane.Turn);
            Monitor.Pulse(_monitor);
            return verification;
        }
    }

    /// <summary>Removes a waiting request. A verification without waiting requests is dropped unless a worker has started it.</summary>
    public void Release(PasswordVerification verification)
    {
        lock (_monitor)
        {
            if (--verification.Waiters > 0 || verification.Node.List is null)
                return;
            var lane = _lanes[verification.Users];
            lane.Waiting.Remove(verification.Node);
            if (lane.Waiting.Count == 0)
                _turns.Remove(lane.Turn);
            Remove(verification);
        }

        verification.Complete(AuthenticationVerdict.Overloaded);
    }

    /// <summary>Waits for the next verification. Returns null after the queue is closed and empty.</summary>
    public PasswordVerification? Dequeue()
    {
        lock (_monitor)
        {
            while (_turns.Count == 0)
            {
                if (_isClosed)
                    return null;
                Monitor.Wait(_monitor);
            }

            var lane = _turns.First!.Value;
            _turns.RemoveFirst();
            var verification = lane.Waiting.First!.Value;
            lane.Waiting.RemoveFirst();
            if (lane.Waiting.Count > 0)
                _turns.AddLast(lane.Turn);
            return verification;
        }
    }

    /// <summary>Removes a verification that a worker has completed.</summary>
    public void Complete(PasswordVerification verification)
    {
        lock (_monitor)
            Remove(verification);
    }

    /// <summary>Closes the queue: nothing can be added, and workers end after the waiting verifications.</summary>
    public void Close()
    {
        lock (_monitor)
        {
            _isClosed = true;
            Monitor.PulseAll(_monitor);
        }
    }

    private void Remove(PasswordVerification verification)
    {
        _pending.Remove(verification.Key);
        var lane = _lanes[verification.Users];
        if (--lane.Count == 0)
            _lanes.Remove(verification.Users);
        if (--lane.PendingPerClient[verification.Client] == 0)
            lane.PendingPerClient.Remove(verification.Client);
    }

    /// <summary>The verifications of one set of users.</summary>
    private sealed class Lane
    {
        public Lane() => Turn = new(this);

        /// <summary>Number of verifications that wait or run.</summary>
        public int Count { get; set; }

        public Dictionary<ClientNetwork, int> PendingPerClient { get; } = [];

        public LinkedList<PasswordVerification> Waiting { get; } = [];

        /// <summary>The node in the list of turns; it is in the list while verifications wait.</summary>
        public LinkedListNode<Lane> Turn { get; }
    }
}
