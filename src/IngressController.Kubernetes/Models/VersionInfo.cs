namespace IngressController.Kubernetes.Models;

/// <summary>What <c>/version</c> answers; <c>Minor</c> may end in a plus sign at some providers.</summary>
public sealed class VersionInfo
{
    public string? Major { get; init; }

    public string? Minor { get; init; }

    public string? GitVersion { get; init; }
}

/// <summary>The object of a BOOKMARK event: the kind and a resource version, nothing else.</summary>
public sealed class BookmarkObject
{
    public V1ObjectMeta? Metadata { get; init; }
}
