using IngressController.Kubernetes.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Watching;

/// <summary>
/// The uid of each name. An object may be deleted and recreated under its name; a late deletion of the old object must not remove the
/// new one.
/// </summary>
internal sealed class ObjectIdentities
{
    private Dictionary<(string? Namespace, string? Name), string?> _uids = [];

    public void Replace(IEnumerable<V1ObjectMeta> objects, IEnumerable<UndecodableObject> undecodable)
    {
        var uids = new Dictionary<(string?, string?), string?>();
        foreach (var item in objects)
            uids[(item.NamespaceProperty, item.Name)] = item.Uid;
        foreach (var item in undecodable)
            uids[(item.Namespace, item.Name)] = item.Uid;
        _uids = uids;
    }

    public void Set(string? @namespace, string? name, string? uid) => _uids[(@namespace, name)] = uid;

    /// <returns>False if the name belongs to another object by now.</returns>
    public bool Remove(string? @namespace, string? name, string? uid)
    {
        if (uid is not null && _uids.TryGetValue((@namespace, name), out var current) && current is not null && current != uid)
            return false;
        _uids.Remove((@namespace, name));
        return true;
    }
}
