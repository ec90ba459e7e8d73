using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Status;

/// <summary>
/// What became of the writes of one leadership: what the watch has yet to show, what is tried again and when, and what is not. Nothing is
/// kept of a status that was written and has stayed.
/// </summary>
internal sealed class StatusLedger(ReflectorTimings timings, TimeProvider time)
{
    /// <summary>So many writes of the same into one status, each soon after the other, and somebody else writes it, too.</summary>
    private const int Contended = 6;

    /// <summary>
    /// How long an Ingress must not be ours before its addresses are taken back. An IngressClass that is deleted and made again, as its
    /// <c>spec.controller</c> cannot be changed, must not empty all of them: who makes DNS records of them would delete those.
    /// </summary>
    public static readonly TimeSpan TakeBackPatience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceName, long> _takeBacks = [];
    private readonly Dictionary<ResourceName, Entry> _entries = [];

    /// <summary>When namespaces are tried again in which we may not write.</summary>
    private readonly Dictionary<string, (Backoff Backoff, Wait Wait)> _forbidden = new(StringComparer.Ordinal);

    private readonly record struct Wait(long Since, TimeSpan For);

    private sealed class Entry(Backoff backoff)
    {
        /// <summary>Also after a success, so that two who write the same status do not do it as fast as they can.</summary>
        public Backoff Backoff { get; set; } = backoff;

        public Wait Wait { get; set; }

        /// <summary>What the last write had it show.</summary>
        public EquatableArray<PublishedAddress>? Written { get; set; }

        /// <summary>How often that was written.</summary>
        public int Writes { get; set; }

        /// <summary>The Ingress as the last write left it, until the watch shows it.</summary>
        public V1Ingress? Answer { get; set; }

        /// <summary>The versions before the last write. Each write holds for one version, so there are none in between.</summary>
        public HashSet<string> Replaced { get; } = new(StringComparer.Ordinal);

        /// <summary>What the server will not have.</summary>
        public StatusChange? Refused { get; set; }
    }

    /// <summary>An Ingress as it is, also where the watch does not show our last write yet.</summary>
    public V1Ingress Current(V1Ingress watched)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(watched.ResourceName, out var entry) || entry.Answer is not { } answer)
                return watched;
            if (watched.Metadata?.Uid == answer.Metadata?.Uid && entry.Replaced.Contains(watched.Metadata?.ResourceVersion ?? ""))
                return answer;
            entry.Answer = null;
            entry.Replaced.Clear();
            return watched;
        }
    }

    /// <summary>Whether a change may be tried now.</summary>
    public bool IsDue(StatusChange change)
    {
        lock (_lock)
        {
            if (_forbidden.TryGetValue(change.Name.Namespace, out var forbidden) && Left(forbidden.Wait) > TimeSpan.Zero)
                return false;
            if (change.IsTakeBack && LeftOfPatience(change.Name) > TimeSpan.Zero)
                return false;
            return !_entries.TryGetValue(change.Name, out var entry)
                || (Left(entry.Wait) <= TimeSpan.Zero && entry.Refused != change with { Version = entry.Refused?.Version ?? "" });
        }
    }

    /// <summary>Notes which Ingresses are not ours and show addresses of ours; the patience with others begins anew.</summary>
    public void SetTakeBacks(IReadOnlySet<ResourceName> names)
    {
        lock (_lock)
        {
            foreach (var over in _takeBacks.Keys.Where(name => !names.Contains(name)).ToArray())
                _takeBacks.Remove(over);
            foreach (var name in names)
                _takeBacks.TryAdd(name, time.GetTimestamp());
        }
    }

    /// <summary>How long until something may be tried that may not now; null when nothing waits.</summary>
    public TimeSpan? UntilDue()
    {
        lock (_lock)
        {
            var waits = _entries.Values.Select(entry => Left(entry.Wait)).Concat(_forbidden.Values.Select(forbidden => Left(forbidden.Wait)))
                .Concat(_takeBacks.Keys.Select(LeftOfPatience))
                .Where(left => left > TimeSpan.Zero).ToArray();
            return waits.Length > 0 ? waits.Min() : null;
        }
    }

    /// <returns>Whether it was written so often that somebody else must be writing it, too; true once.</returns>
    public bool Written(StatusChange change, V1Ingress answer)
    {
        lock (_lock)
        {
            _forbidden.Remove(change.Name.Namespace);
            var entry = EntryOf(change.Name);
            entry.Answer = answer;
            entry.Replaced.Add(change.Version);
            entry.Refused = null;
            // Our own addresses may change as often, with each node that a rolling update comes to, and the last of them must not be late.
            if (entry.Written != change.Addresses)
                (entry.Written, entry.Writes, entry.Backoff) = (change.Addresses, 0, new Backoff(timings, time));
            entry.Wait = new(time.GetTimestamp(), entry.Backoff.Next());
            return ++entry.Writes == Contended;
        }
    }

    /// <param name="change">What failed.</param>
    /// <param name="atLeast">What the server asked to wait.</param>
    /// <returns>When it is tried again.</returns>
    public TimeSpan Failed(StatusChange change, TimeSpan? atLeast)
    {
        lock (_lock)
        {
            var entry = EntryOf(change.Name);
            var delay = entry.Backoff.Next();
            delay = atLeast > delay ? atLeast.Value : delay;
            entry.Wait = new(time.GetTimestamp(), delay);
            return delay;
        }
    }

    /// <summary>It is not tried again before something else is wanted, or the Ingress is another one.</summary>
    public void Refused(StatusChange change)
    {
        lock (_lock)
            EntryOf(change.Name).Refused = change;
    }

    /// <returns>When the namespace is tried again.</returns>
    public TimeSpan Forbidden(string @namespace)
    {
        lock (_lock)
        {
            // Those that were sent at the same time are one try.
            if (_forbidden.TryGetValue(@namespace, out var known) && Left(known.Wait) is { Ticks: > 0 } left)
                return left;
            var backoff = known.Backoff is { } before
                ? before
                : new Backoff(timings with { MinBackoff = timings.ForbiddenBackoff, MaxBackoff = timings.ForbiddenBackoff * 10 }, time);
            var delay = backoff.Next();
            _forbidden[@namespace] = (backoff, new(time.GetTimestamp(), delay));
            return delay;
        }
    }

    /// <summary>Forgets what is over.</summary>
    public void Sweep(ClusterSnapshot snapshot)
    {
        lock (_lock)
        {
            foreach (var (name, entry) in _entries)
            {
                var isOver = entry is { Answer: null, Refused: null } && time.GetElapsedTime(entry.Wait.Since) > entry.Wait.For + timings.BackoffReset;
                if (isOver || !snapshot.Ingresses.ContainsKey(name))
                    _entries.Remove(name);
            }
        }
    }

    private TimeSpan LeftOfPatience(ResourceName name) =>
        _takeBacks.TryGetValue(name, out var since) ? TakeBackPatience - time.GetElapsedTime(since) : TakeBackPatience;

    private TimeSpan Left(Wait wait) => wait.For - time.GetElapsedTime(wait.Since);

    private Entry EntryOf(ResourceName name)
    {
        if (!_entries.TryGetValue(name, out var entry))
            _entries[name] = entry = new Entry(new Backoff(timings, time));
        return entry;
    }
}
