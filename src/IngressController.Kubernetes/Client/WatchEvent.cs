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

    /// <summary>ADDED or MODIFIED: for who holds the state they are the same.</summary>
    public sealed record Applied(T Object) : WatchEvent<T>;

    public sealed record Deleted(T Object) : WatchEvent<T>;

    /// <summary>Nothing changed up to this version.</summary>
    /// <param name="EndsInitialEvents">Set on the bookmark that closes the initial events of a watch-list.</param>
    public sealed record Bookmark(string? ResourceVersion, bool EndsInitialEvents) : WatchEvent<T>;

    /// <summary>The server gives up on this watch.</summary>
    public sealed record Error(ApiServerException Exception) : WatchEvent<T>;

    /// <summary>An object that does not decode was changed or deleted.</summary>
    public sealed record Undecodable(UndecodableObject Object, bool IsDeleted) : WatchEvent<T>;

    /// <summary>A type of event this client does not know.</summary>
    public sealed record Unknown(string? Type) : WatchEvent<T>;
}
