using IngressController.Routing.Table;

namespace IngressController.Routing.Features;

/// <summary>The settings of translation that features read Ingresses by. Fixed at start.</summary>
/// <param name="Catalog">The features and their annotations.</param>
/// <param name="AnnotationPrefixes">
/// The prefixes of annotations that are read, without slash; an earlier one takes precedence over later ones.
/// </param>
/// <param name="AllowsLocalAddresses">True if names in Ingresses can lead to this machine and its link.</param>
public sealed record PolicyOptions(FeatureCatalog Catalog, EquatableArray<string> AnnotationPrefixes, bool AllowsLocalAddresses)
{
    /// <summary>The operator's backend for requests that match nothing; null if there is none.</summary>
    public BackendId? DefaultBackend { get; init; }
}
