using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Status;

/// <summary>
/// The recent writes of one term of leadership: those that the watch has not delivered yet, those that are retried and when, and those that
/// are not retried. Nothing is kept of a status that was written and stayed unchanged.
/// </summary>
internal sealed class StatusWriteHistory(ReflectorTimings timings, TimeProvider time)
{
    /// <summary>
    /// Number of writes of the same addresses to one status in short succession that show that another writer changes it.
    /// </summary>
    private const int ContentionThreshold = 6;

    /// <summary>
    /// The time after which the status of an Ingress that is no longer claimed is reset. An IngressClass that is deleted and recreated,
    /// because its <c>spec.controller</c> is immutable, must not empty the status of all its Ingresses: DNS records may depend on them.
    /// </summary>
    public static readonly TimeSpan ResetDelay = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceName, long> _resets = [];
    private readonly Dictionary<ResourceName, Entry> _entries = [];

    /// <summary>The backoff of namespaces in which writes are forbidden.</summary>
    private readonly Dictionary<string, (Backoff Backoff, Wait Wait)> _forbidden = new(StringComparer.Ordinal);

    private readonly record struct Wait(long Since, TimeSpan For);

    private sealed class Entry(Backoff backoff)
    {
        /// <summary>
        /// The backoff, which also applies after a success, so that two writers of one status do not compete without a pause.
        /// </summary>
        public Backoff Backoff { get; set; } = backoff;

        public Wait Wait { get; set; }

        /// <summary>The addresses of the last write.</summary>
        public EquatableArray<PublishedAddress>? Written { get; set; }

        /// <summary>Number of writes of these addresses.</summary>
        public int Writes { get; set; }

        /// <summary>The Ingress as the last write returned it, until the watch delivers it.</summary>
        public V1Ingress? Latest { get; set; }

        /// <summary>
        /// The versions before the last write. Each write applies to exactly one version, so there are no others in between.
        /// </summary>
        public HashSet<string> Replaced { get; } = new(StringComparer.Ordinal);

        /// <summary>The change that the server rejected.</summary>
        public StatusChange? Refused { get; set; }
    }

    /// <summary>Returns the current Ingress, even if the watch has not delivered the last write yet.</summary>
    public V1Ingress Current(V1Ingress watched)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(watched.ResourceName, out var entry) || entry.Latest is not { } latest)
                return watched;
            if (watched.Metadata?.Uid == latest.Metadata?.Uid && entry.Replaced.Contains(watched.Metadata?.ResourceVersion ?? ""))
                return latest;
            entry.Latest = null;
            entry.Replaced.Clear();
            return watched;
        }
    }

    /// <summary>True if a change may be written now.</summary>
    public bool IsDue(StatusChange change)
    {
        lock (_lock)
        {
            if (_forbidden.TryGetValue(change.Name.Namespace, out var forbidden) && Left(forbidden.Wait) > TimeSpan.Zero)
                return false;
            if (change.IsReset && ResetDelayLeft(change.Name) > TimeSpan.Zero)
                return false;
            return !_entries.TryGetValue(change.Name, out var entry)
                || (Left(entry.Wait) <= TimeSpan.Zero && entry.Refused != change with { Version = entry.Refused?.Version ?? "" });
        }
    }

    /// <summary>Sets the Ingresses whose status is to be reset. For an Ingress that is not among them, the delay starts again.</summary>
    public void SetResets(IReadOnlySet<ResourceName> names)
    {
        lock (_lock)
        {
            foreach (var obsolete in _resets.Keys.Where(name => !names.Contains(name)).ToArray())
                _resets.Remove(obsolete);
            foreach (var name in names)
                _resets.TryAdd(name, time.GetTimestamp());
        }
    }

    /// <summary>Returns the time until the next change that waits may be written; null when none waits.</summary>
    public TimeSpan? UntilDue()
    {
        lock (_lock)
        {
            var waits = _entries.Values.Select(entry => Left(entry.Wait)).Concat(_forbidden.Values.Select(forbidden => Left(forbidden.Wait)))
                .Concat(_resets.Keys.Select(ResetDelayLeft))
                .Where(left => left > TimeSpan.Zero).ToArray();
            return waits.Length > 0 ? waits.Min() : null;
        }
    }

    /// <summary>Records a successful write.</summary>
    /// <returns>True once, when the number of writes shows that another writer changes the same status.</returns>
    public bool Written(StatusChange change, V1Ingress written)
    {
        lock (_lock)
        {
            _forbidden.Remove(change.Name.Namespace);
            var entry = EntryOf(change.Name);
            entry.Latest = written;
            entry.Replaced.Add(change.Version);
            entry.Refused = null;
            // The addresses themselves may change as often, with each node of a rolling update, and the last change must not be delayed.
            if (entry.Written != change.Addresses)
                (entry.Written, entry.Writes, entry.Backoff) = (change.Addresses, 0, new Backoff(timings, time));
            entry.Wait = new(time.GetTimestamp(), entry.Backoff.Next());
            return ++entry.Writes == ContentionThreshold;
        }
    }

    /// <summary>Records a failed write.</summary>
    /// <param name="change">The change that failed.</param>
    /// <param name="minDelay">The delay that the server asked for; null for none.</param>
    /// <returns>The time until the retry.</returns>
    public TimeSpan Failed(StatusChange change, TimeSpan? minDelay)
    {
        lock (_lock)
        {
            var entry = EntryOf(change.Name);
            var delay = entry.Backoff.Next();
            delay = minDelay > delay ? minDelay.Value : delay;
            entry.Wait = new(time.GetTimestamp(), delay);
            return delay;
        }
    }

    /// <summary>Records a rejected write. It is not retried until the addresses or the Ingress change.</summary>
    public void Refused(StatusChange change)
    {
        lock (_lock)
            EntryOf(change.Name).Refused = change;
    }

    /// <summary>Records a forbidden write.</summary>
    /// <returns>The time until the next write in the namespace.</returns>
    public TimeSpan Forbidden(string @namespace)
    {
        lock (_lock)
        {
            // Concurrent requests count as one attempt.
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

    /// <summary>Removes obsolete entries.</summary>
    public void RemoveObsolete(ClusterSnapshot snapshot)
    {
        lock (_lock)
        {
            foreach (var (name, entry) in _entries)
            {
                var isObsolete = entry is { Latest: null, Refused: null } && time.GetElapsedTime(entry.Wait.Since) > entry.Wait.For + timings.BackoffReset;
                if (isObsolete || !snapshot.Ingresses.ContainsKey(name))
                    _entries.Remove(name);
            }
        }
    }

    private TimeSpan ResetDelayLeft(ResourceName name) =>
        _resets.TryGetValue(name, out var since) ? ResetDelay - time.GetElapsedTime(since) : ResetDelay;

    private TimeSpan Left(Wait wait) => wait.For - time.GetElapsedTime(wait.Since);

    private Entry EntryOf(ResourceName name)
    {
        if (!_entries.TryGetValue(name, out var entry))
            _entries[name] = entry = new Entry(new Backoff(timings, time));
        return entry;
    }
}
