using IngressController.Routing.Cluster;
using IngressController.Routing.Values;

namespace IngressController.Sources;

/// <summary>What one watch covers: everything in a namespace or in all of them, or one object.</summary>
/// <param name="Namespace">Null for all namespaces.</param>
/// <param name="Name">The one object; null for all.</param>
internal sealed record WatchScope(string? Namespace, string? Name = null)
{
    public string? FieldSelector => Name is null ? null : $"metadata.name={Name}";

    public bool Covers(ResourceName name) => (Namespace is null || name.Namespace == Namespace) && (Name is null || name.Name == Name);

    /// <summary>The name of its list, for people.</summary>
    public string ListOf(string resource) =>
        Name is not null ? $"{resource} {Namespace}/{Name}" : Namespace is not null ? $"{resource} in namespace {Namespace}" : resource;
}
