using System.Collections.Immutable;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Values;
using IngressController.Signals;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>
/// Holds what the cluster holds: sources write into it from several threads, the reconcile loop takes immutable snapshots out of it,
/// each with the names that changed since the one before.
/// </summary>
internal sealed partial class ClusterStore
{
    private readonly Lock _lock = new();

    /// <summary>The lists still to come, each with why it has not come so far.</summary>
    private readonly Dictionary<string, string?> _awaited = new(StringComparer.Ordinal);

    private readonly Dictionary<DiagnosticSubject, Diagnostic> _unreadable = [];
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ClusterChanges _changes = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Signal _status = new();

    /// <summary>What translation looks for, for sources that do not hold everything.</summary>
    public ReferencedObjects References { get; } = new();

    /// <summary>
    /// The lists that have not been delivered yet, for people; empty means the store knows the whole cluster. Those that have the same
    /// trouble are one entry, which says it.
    /// </summary>
    public ImmutableArray<string> Awaited
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _awaited.GroupBy(entry => entry.Value, entry => entry.Key, StringComparer.Ordinal)
                        .Select(group => (Trouble: group.Key, Lists: string.Join(", ", group.Order(StringComparer.Ordinal))))
                        .Select(group => group.Trouble is null ? group.Lists : $"{group.Lists} ({group.Trouble})")
                        .Order(StringComparer.Ordinal),
                ];
            }
        }
    }

    public ClusterSnapshot Snapshot
    {
        get
        {
            lock (_lock)
                return _snapshot;
        }
    }

    /// <summary>Completes when the snapshot changes after this was read in nothing but what translation does not look at: no revision follows from it.</summary>
    public Task NextStatus => _status.Next;

    /// <summary>Objects that do not decode.</summary>
    public ImmutableArray<Diagnostic> Unreadable
    {
        get
        {
            lock (_lock)
                return [.. _unreadable.Values.Order()];
        }
    }

    /// <summary>Declares a list that must be delivered before the first snapshot is complete. Call before any source runs.</summary>
    public void Await(string list)
    {
        lock (_lock)
            _awaited[list] = null;
    }

    /// <summary>Notes why a list does not come; of no consequence once it has come.</summary>
    public void ReportTrouble(string list, string reason)
    {
        lock (_lock)
        {
            if (_awaited.ContainsKey(list))
                _awaited[list] = reason;
        }
    }

    /// <summary>Completes when something that translation looks at has changed since the last <see cref="Take"/>.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellation)
    {
        lock (_lock)
            return _changed.Task.WaitAsync(cancellation);
    }

    /// <summary>The cluster now, and what changed since the last call; null while lists are still awaited.</summary>
    public (ClusterSnapshot Snapshot, ClusterChanges Changes)? Take()
    {
        lock (_lock)
        {
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_awaited.Count > 0)
                return null;
            var changes = _changes;
            _changes = new ClusterChanges();
            return (_snapshot, changes);
        }
    }

    /// <summary>Takes over what a watch delivered.</summary>
    /// <param name="kind">How objects of this kind are filed.</param>
    /// <param name="namespace">The namespace the list covers; null for all.</param>
    /// <param name="list">The name given to <see cref="Await"/>.</param>
    /// <param name="change">What happened.</param>
    public void Apply<T>(ClusterKind<T> kind, string? @namespace, string list, ResourceChange<T> change)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var read = change switch
        {
            ResourceChange<T>.Applied applied => [Read(kind, applied.Object)],
            ResourceChange<T>.Replaced replaced => replaced.Items.Select(item => Read(kind, item)).ToArray(),
            _ => Array.Empty<ReadObject>(),
        };
        lock (_lock)
        {
            var before = _snapshot;
            var wasAwaited = _awaited.Count > 0;
            switch (change)
            {
                case ResourceChange<T>.Applied:
                    File(kind, read[0]);
                    break;
                case ResourceChange<T>.Deleted deleted:
                    Remove(kind, deleted.Object.ResourceName);
                    break;
                case ResourceChange<T>.Replaced replaced:
                    Replace(kind, @namespace, replaced, read);
                    _awaited.Remove(list);
                    break;
                default:
                    throw new InvalidOperationException($"unknown change {change.GetType().Name}");
            }

            Announce(before, wasAwaited && _awaited.Count == 0);
        }
    }

    /// <summary>Takes over an object that somebody read before.</summary>
    public void Apply<T>(ClusterKind<T> kind, ReadObject read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var before = _snapshot;
            File(kind, read);
            Announce(before, isComplete: false);
        }
    }

    /// <summary>Takes out an object that is gone, or that nobody looks for any more.</summary>
    public void Forget<T>(ClusterKind<T> kind, ResourceName name)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var before = _snapshot;
            Remove(kind, name);
            Announce(before, isComplete: false);
        }
    }

    /// <summary>Notes that a list has come whose objects are not filed here.</summary>
    public void Delivered(string list)
    {
        lock (_lock)
        {
            if (_awaited.Remove(list) && _awaited.Count == 0)
                _changed.TrySetResult();
        }
    }

    /// <summary>Notes an object that does not decode; what it held before stays.</summary>
    public void ReportUnreadable(Diagnostic diagnostic)
    {
        lock (_lock)
        {
            _unreadable[diagnostic.Subject] = diagnostic;
            _changed.TrySetResult(); // who waits for revisions to look at diagnostics is to see this one, too
        }
    }

    /// <summary>Replaces all that is noted of unreadable objects, for sources that read everything at once.</summary>
    public void ReplaceUnreadable(IReadOnlyCollection<Diagnostic> diagnostics)
    {
        lock (_lock)
        {
            _unreadable.Clear();
            foreach (var diagnostic in diagnostics)
                _unreadable[diagnostic.Subject] = diagnostic;
        }
    }

    /// <param name="before">The snapshot before.</param>
    /// <param name="isComplete">Whether the last awaited list has come with it.</param>
    private void Announce(ClusterSnapshot before, bool isComplete)
    {
        if (isComplete || !_changes.IsEmpty)
        {
            _changed.TrySetResult();
            return;
        }

        if (ReferenceEquals(before, _snapshot))
            return;
        _status.Set();
    }
}
