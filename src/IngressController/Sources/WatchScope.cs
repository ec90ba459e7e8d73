
namespace IngressController.Sources;

/// <summary>The objects that one watch covers: all in one namespace or in all namespaces, or a single object.</summary>
/// <param name="Namespace">The namespace; null for all.</param>
/// <param name="Name">The name of the single object; null for all objects.</param>
internal sealed record WatchScope(string? Namespace, string? Name = null)
{
    public string? FieldSelector => Name is null ? null : $"metadata.name={Name}";

    public bool Covers(ResourceName name) => (Namespace is null || name.Namespace == Namespace) && (Name is null || name.Name == Name);

    /// <summary>Returns the name of the list of a resource, as text for people.</summary>
    public string ListName(string resource) =>
        Name is not null ? $"{resource} {Namespace}/{Name}" : Namespace is not null ? $"{resource} in namespace {Namespace}" : resource;
}
