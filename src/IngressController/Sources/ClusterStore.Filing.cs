using System.Runtime.ExceptionServices;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>An object that was read and waits to be filed.</summary>
internal readonly record struct ReadObject(ResourceName Name, Filing File);

/// <content>Reading and filing.</content>
internal sealed partial class ClusterStore
{
    /// <summary>
    /// Does what takes time before the lock is taken: a certificate and its key take up to a millisecond to parse, and thousands of them
    /// at the start are parsed side by side.
    /// </summary>
    public static ReadObject Read<T>(ClusterKind<T> kind, T resource)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return new ReadObject(resource.ResourceName, kind.Read(resource));
        }
        catch (Exception error)
        {
            // Reported where it would have been filed.
            var defect = ExceptionDispatchInfo.Capture(error);
            return new ReadObject(resource.ResourceName, (snapshot, _) =>
            {
                defect.Throw();
                return snapshot;
            });
        }
    }

    private void Replace<T>(ClusterKind<T> kind, string? @namespace, ResourceChange<T>.Replaced replaced, ReadObject[] read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var kept = replaced.Items.Select(item => item.ResourceName).ToHashSet();
        kept.UnionWith(replaced.Undecodable.Where(item => item.Name is not null).Select(item => new ResourceName(item.Namespace ?? "default", item.Name!)));
        foreach (var gone in kind.Names(_snapshot).Where(IsGone).ToArray())
            Remove(kind, gone);
        // What never could be read is in no snapshot, but it may be gone just as well.
        foreach (var gone in _unreadable.Keys.Where(subject => subject.Kind == kind.Resource.Kind && IsGone(subject.Name)).ToArray())
            _unreadable.Remove(gone);
        foreach (var item in read)
            File(kind, item);

        bool IsGone(ResourceName name) => (@namespace is null || name.Namespace == @namespace) && !kept.Contains(name);
    }

    private void File<T>(ClusterKind<T> kind, ReadObject read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var subject = new DiagnosticSubject(kind.Resource.Kind, read.Name);
        _unreadable.Remove(subject);
        try
        {
            _snapshot = read.File(_snapshot, _changes);
        }
        catch (Exception error)
        {
            // A defect in reading one object must not keep the rest of its list out, least of all that of other tenants.
            var keepsLast = kind.Names(_snapshot).Contains(read.Name);
            _unreadable[subject] = DiagnosticCatalog.ObjectUnreadable(subject, "(object)", $"cannot be processed: {error.Message}", keepsLast);
        }
    }

    private void Remove<T>(ClusterKind<T> kind, ResourceName name)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        _unreadable.Remove(new DiagnosticSubject(kind.Resource.Kind, name));
        _snapshot = kind.Remove(_snapshot, name, _changes);
    }
}
