namespace IngressController.Routing.Features;

/// <summary>How features read Ingresses. Fixed at start.</summary>
/// <param name="Catalog">The features and their annotations.</param>
/// <param name="AnnotationPrefixes">The prefixes of annotations that are read, without slash; the first takes precedence over the others.</param>
/// <param name="AllowsLocalAddresses">True if names in Ingresses can lead to this machine and its link.</param>
public sealed record PolicyOptions(FeatureCatalog Catalog, EquatableArray<string> AnnotationPrefixes, bool AllowsLocalAddresses);
