using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Watching;

/// <summary>
/// A change that a <see cref="Reflector{T}"/> delivers. Receivers key objects by namespace and name; an object that was deleted and
/// recreated arrives as <see cref="Applied"/> with another uid.
/// </summary>
public abstract record ResourceChange<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private ResourceChange()
    {
    }

    /// <summary>The complete state: objects in neither list are gone. Of an undecodable object, keep the last known state.</summary>
    public sealed record Replaced(IReadOnlyList<T> Items, IReadOnlyList<UndecodableObject> Undecodable) : ResourceChange<T>;

    /// <summary>Added or modified.</summary>
    public sealed record Applied(T Object) : ResourceChange<T>;

    /// <summary>Deleted, with the object's last state.</summary>
    public sealed record Deleted(T Object) : ResourceChange<T>;
}
