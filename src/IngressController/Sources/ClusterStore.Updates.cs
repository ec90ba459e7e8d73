using System.Runtime.ExceptionServices;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>A parsed object and the update that stores it.</summary>
internal readonly record struct PreparedObject(ResourceName Name, SnapshotUpdate Update);

/// <content>Updates of the snapshot.</content>
internal sealed partial class ClusterStore
{
    /// <summary>
    /// Does the slow part of an update without the lock: a certificate and its key take up to a millisecond to parse, and at the start
    /// thousands of them are parsed in parallel.
    /// </summary>
    public static PreparedObject Prepare<T>(ClusterKind<T> kind, T resource)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return new PreparedObject(resource.ResourceName, kind.Prepare(resource));
        }
        catch (Exception error)
        {
            // SetInSnapshot reports it.
            var captured = ExceptionDispatchInfo.Capture(error);
            return new PreparedObject(resource.ResourceName, (snapshot, _) =>
            {
                captured.Throw();
                return snapshot;
            });
        }
    }

    private void ReplaceInSnapshot<T>(ClusterKind<T> kind, string? @namespace, ResourceChange<T>.Replaced replaced, PreparedObject[] prepared)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var listed = replaced.Items.Select(item => item.ResourceName).ToHashSet();
        listed.UnionWith(replaced.Undecodable.Where(item => item.Name is not null).Select(item => new ResourceName(item.Namespace ?? "default", item.Name!)));
        foreach (var deleted in kind.Names(_snapshot).Where(IsDeleted).ToArray())
            RemoveFromSnapshot(kind, deleted);
        // An object that never decoded is in no snapshot, but it can be deleted, too.
        foreach (var deleted in _unreadable.Keys.Where(subject => subject.Kind == kind.Resource.Kind && IsDeleted(subject.Name)).ToArray())
            _unreadable.Remove(deleted);
        foreach (var item in prepared)
            SetInSnapshot(kind, item);

        bool IsDeleted(ResourceName name) => (@namespace is null || name.Namespace == @namespace) && !listed.Contains(name);
    }

    private void SetInSnapshot<T>(ClusterKind<T> kind, PreparedObject prepared)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var subject = new DiagnosticSubject(kind.Resource.Kind, prepared.Name);
        _unreadable.Remove(subject);
        try
        {
            _snapshot = prepared.Update(_snapshot, _changes);
        }
        catch (Exception error)
        {
            // An object that causes an exception must not affect the other objects of its list, which may belong to other tenants.
            var keepsLast = kind.Names(_snapshot).Contains(prepared.Name);
            _unreadable[subject] = DiagnosticCatalog.ObjectUnreadable(subject, "(object)", $"cannot be taken over: {error.Message}", keepsLast);
        }
    }

    private void RemoveFromSnapshot<T>(ClusterKind<T> kind, ResourceName name)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _unreadable.Remove(new DiagnosticSubject(kind.Resource.Kind, name));
        _snapshot = kind.Remove(_snapshot, name, _changes);
    }
}
