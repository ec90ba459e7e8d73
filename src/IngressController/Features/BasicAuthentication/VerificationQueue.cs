using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// What waits to be verified: bounded, and served in turn, one of each set of users, so that a busy set does not hold up the others.
/// A verification counts until it is completed.
/// </summary>
internal sealed class VerificationQueue(BasicAuthenticationOptions options)
{
    // A monitor and not a Lock, because workers wait on it.
    private readonly object _monitor = new();
    private readonly Dictionary<VerdictKey, PasswordVerification> _pending = [];
    private readonly Dictionary<CredentialSet, Lane> _lanes = [];
    private readonly LinkedList<Lane> _turns = [];
    private bool _isClosed;

    /// <summary>Verifications that wait or run.</summary>
    public int Count
    {
        get
        {
            lock (_monitor)
                return _pending.Count;
        }
    }

    /// <summary>
    /// Takes the verification in, or gives the equal one that is there already; null when there are too many. To be followed by
    /// <see cref="Leave"/> when the request no longer waits.
    /// </summary>
    public PasswordVerification? Join(PasswordVerification verification)
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
            var ofClient = lane?.OfClients.GetValueOrDefault(verification.Client) ?? 0;
            if (_pending.Count >= options.PendingLimit || lane?.Count >= options.PendingLimitPerSet || ofClient >= options.PendingLimitPerClient)
                return null;

            if (lane is null)
                _lanes.Add(verification.Users, lane = new Lane());
            _pending.Add(verification.Key, verification);
            lane.Count++;
            lane.OfClients[verification.Client] = ofClient + 1;
            lane.Waiting.AddLast(verification.Node);
            if (lane.Waiting.Count == 1)
                _turns.AddLast(lane.Turn);
            Monitor.Pulse(_monitor);
            return verification;
        }
    }

    /// <summary>A request no longer waits. What nobody waits for, and no worker has begun, is not done.</summary>
    public void Leave(PasswordVerification verification)
    {
        lock (_monitor)
        {
            if (--verification.Waiters > 0 || verification.Node.List is null)
                return;
            var lane = _lanes[verification.Users];
            lane.Waiting.Remove(verification.Node);
            if (lane.Waiting.Count == 0)
                _turns.Remove(lane.Turn);
            Forget(verification);
        }

        verification.Complete(AuthenticationVerdict.Overloaded);
    }

    /// <summary>The next verification; waits until there is one. Null once the queue is closed.</summary>
    public PasswordVerification? Take()
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

    /// <summary>A worker is done: there is room for another.</summary>
    public void Completed(PasswordVerification verification)
    {
        lock (_monitor)
            Forget(verification);
    }

    /// <summary>Nothing is taken in any more; workers end once they did what waits.</summary>
    public void Close()
    {
        lock (_monitor)
        {
            _isClosed = true;
            Monitor.PulseAll(_monitor);
        }
    }

    private void Forget(PasswordVerification verification)
    {
        _pending.Remove(verification.Key);
        var lane = _lanes[verification.Users];
        if (--lane.Count == 0)
            _lanes.Remove(verification.Users);
        if (--lane.OfClients[verification.Client] == 0)
            lane.OfClients.Remove(verification.Client);
    }

    /// <summary>The verifications of one set of users.</summary>
    private sealed class Lane
    {
        public Lane() => Turn = new(this);

        /// <summary>Those that wait or run.</summary>
        public int Count { get; set; }

        public Dictionary<ClientNetwork, int> OfClients { get; } = [];

        public LinkedList<PasswordVerification> Waiting { get; } = [];

        /// <summary>In the list of turns while something waits.</summary>
        public LinkedListNode<Lane> Turn { get; }
    }
}
