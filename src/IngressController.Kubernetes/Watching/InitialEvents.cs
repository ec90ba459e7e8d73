using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Watching;

/// <summary>The objects of a watch-list until its end bookmark. They are not delivered before they are complete.</summary>
internal sealed class InitialEvents<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Dictionary<(string? Namespace, string? Name), (T? Object, UndecodableObject? Undecodable)> _objects = [];

    public void Apply(T item) => _objects[(item.Metadata!.NamespaceProperty, item.Metadata.Name)] = (item, null);

    public void Apply(UndecodableObject item) => _objects[(item.Namespace, item.Name)] = (null, item);

    public void Remove(string? @namespace, string? name) => _objects.Remove((@namespace, name));

    public ResourceChange<T>.Replaced ToReplaced() => new(
        [.. _objects.Values.Where(entry => entry.Object is not null).Select(entry => entry.Object!)],
        [.. _objects.Values.Where(entry => entry.Undecodable is not null).Select(entry => entry.Undecodable!)]);
}
