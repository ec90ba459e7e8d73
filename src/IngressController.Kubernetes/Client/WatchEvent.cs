using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>One event of a watch.</summary>
public abstract record WatchEvent<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private WatchEvent()
    {
    }

    /// <summary>ADDED or MODIFIED, which are the same to a receiver that keeps the state.</summary>
    public sealed record Applied(T Object) : WatchEvent<T>;

    public sealed record Deleted(T Object) : WatchEvent<T>;

    /// <summary>All changes up to this version have been sent.</summary>
    /// <param name="EndsInitialEvents">True on the bookmark that closes the initial events of a watch-list.</param>
    public sealed record Bookmark(string? ResourceVersion, bool EndsInitialEvents) : WatchEvent<T>;

    /// <summary>The server ends this watch with an error.</summary>
    public sealed record Error(ApiServerException Exception) : WatchEvent<T>;

    /// <summary>An object that does not decode was added, changed or deleted.</summary>
    public sealed record Undecodable(UndecodableObject Object, bool IsDeleted) : WatchEvent<T>;

    /// <summary>An event of an unknown type.</summary>
    public sealed record Unknown(string? Type) : WatchEvent<T>;
}
