using System.Collections.Immutable;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Signals;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>
/// The objects of the cluster. Sources write to it from several threads; the reconcile loop takes immutable snapshots from it, each with
/// the names that changed since the previous one.
/// </summary>
internal sealed partial class ClusterStore
{
    private readonly Lock _lock = new();

    /// <summary>The lists that have not been delivered yet, each with its last failure; null for none.</summary>
    private readonly Dictionary<string, string?> _pendingLists = new(StringComparer.Ordinal);

    private readonly Dictionary<DiagnosticSubject, Diagnostic> _unreadable = [];
    private ImmutableArray<Diagnostic> _problems = [];
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ClusterChanges _changes = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Signal _statusChanged = new();

    /// <summary>The objects that the last translation references, for sources that fetch only these.</summary>
    public ReferencedObjects References { get; } = new();

    /// <summary>
    /// The lists that have not been delivered yet, as text for people; empty when the store has the whole cluster. Lists with the same
    /// failure are one entry that ends with it.
    /// </summary>
    public ImmutableArray<string> PendingLists
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _pendingLists.GroupBy(entry => entry.Value, entry => entry.Key, StringComparer.Ordinal)
                        .Select(group => (Failure: group.Key, Lists: string.Join(", ", group.Order(StringComparer.Ordinal))))
                        .Select(group => group.Failure is null ? group.Lists : $"{group.Lists} ({group.Failure})")
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

    /// <summary>
    /// Completes at the next change of only what translation does not read, such as a status. No revision follows from such a change.
    /// </summary>
    public Task NextStatusChange => _statusChanged.Next;

    /// <summary>The diagnostics of the objects that do not decode, and of manifests.</summary>
    public ImmutableArray<Diagnostic> Unreadable
    {
        get
        {
            lock (_lock)
                return [.. _unreadable.Values.Concat(_problems).Order()];
        }
    }

    /// <summary>
    /// Declares a list that must be delivered before the first snapshot is complete. Must be called before any source runs.
    /// </summary>
    public void Expect(string list)
    {
        lock (_lock)
            _pendingLists[list] = null;
    }

    /// <summary>Records the failure of a list; ignored once the list has been delivered.</summary>
    public void ReportFailure(string list, string reason)
    {
        lock (_lock)
        {
            if (_pendingLists.ContainsKey(list))
                _pendingLists[list] = reason;
        }
    }

    /// <summary>Completes when something that translation reads has changed since the last <see cref="Take"/>.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellation)
    {
        lock (_lock)
            return _changed.Task.WaitAsync(cancellation);
    }

    /// <summary>Returns the current snapshot and the changes since the last call; null while lists are pending.</summary>
    public (ClusterSnapshot Snapshot, ClusterChanges Changes)? Take()
    {
        lock (_lock)
        {
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_pendingLists.Count > 0)
                return null;
            var changes = _changes;
            _changes = new ClusterChanges();
            return (_snapshot, changes);
        }
    }

    /// <summary>Applies a change that a watch delivered.</summary>
    /// <param name="kind">The kind of the objects.</param>
    /// <param name="namespace">The namespace that the list covers; null for all.</param>
    /// <param name="list">The name passed to <see cref="Expect"/>.</param>
    /// <param name="change">The change.</param>
    public void Apply<T>(ClusterKind<T> kind, string? @namespace, string list, ResourceChange<T> change)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var prepared = change switch
        {
            ResourceChange<T>.Applied applied => [Prepare(kind, applied.Object)],
            ResourceChange<T>.Replaced replaced => replaced.Items.Select(item => Prepare(kind, item)).ToArray(),
            _ => Array.Empty<PreparedObject>(),
        };
        lock (_lock)
        {
            var before = _snapshot;
            var wasPending = _pendingLists.Count > 0;
            switch (change)
            {
                case ResourceChange<T>.Applied:
                    SetInSnapshot(kind, prepared[0]);
                    break;
                case ResourceChange<T>.Deleted deleted:
                    RemoveFromSnapshot(kind, deleted.Object.ResourceName);
                    break;
                case ResourceChange<T>.Replaced replaced:
                    ReplaceInSnapshot(kind, @namespace, replaced, prepared);
                    _pendingLists.Remove(list);
                    break;
                default:
                    throw new InvalidOperationException($"unknown change {change.GetType().Name}");
            }

            SignalChange(before, wasPending && _pendingLists.Count == 0);
        }
    }

    /// <summary>Stores an object that <see cref="Prepare"/> has parsed.</summary>
    public void Apply<T>(ClusterKind<T> kind, PreparedObject prepared)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var before = _snapshot;
            SetInSnapshot(kind, prepared);
            SignalChange(before, isComplete: false);
        }
    }

    /// <summary>Removes an object that was deleted or is no longer referenced.</summary>
    public void Remove<T>(ClusterKind<T> kind, ResourceName name)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var before = _snapshot;
            RemoveFromSnapshot(kind, name);
            SignalChange(before, isComplete: false);
        }
    }

    /// <summary>Marks a list as delivered whose objects are not stored here.</summary>
    public void MarkDelivered(string list)
    {
        lock (_lock)
        {
            if (_pendingLists.Remove(list) && _pendingLists.Count == 0)
                _changed.TrySetResult();
        }
    }

    /// <summary>Records an object that does not decode; its last known state stays in use.</summary>
    public void ReportUnreadable(Diagnostic diagnostic)
    {
        lock (_lock)
        {
            _unreadable[diagnostic.Subject] = diagnostic;
            _changed.TrySetResult(); // causes a revision, after which readers of diagnostics see this one
        }
    }

    /// <summary>Replaces the diagnostics of all unreadable objects, for sources that read everything at once. An object can have several.</summary>
    public void ReplaceUnreadable(ImmutableArray<Diagnostic> diagnostics)
    {
        lock (_lock)
        {
            _unreadable.Clear();
            _problems = diagnostics;
        }
    }

    /// <param name="before">The snapshot before the change.</param>
    /// <param name="isComplete">True if the change delivered the last pending list.</param>
    private void SignalChange(ClusterSnapshot before, bool isComplete)
    {
        if (isComplete || !_changes.IsEmpty)
        {
            _changed.TrySetResult();
            return;
        }

        if (ReferenceEquals(before, _snapshot))
            return;
        _statusChanged.Set();
    }
}
