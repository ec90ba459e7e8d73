using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features;

/// <summary>A list of features with their annotations and settings.</summary>
/// <param name="features">In the order in which they are read and documented.</param>
public sealed class FeatureCatalog(IReadOnlyList<RouteFeature> features)
{
    public IReadOnlyList<RouteFeature> Features => features;

    /// <summary>The annotations of the features, then the known ones without effect.</summary>
    public AnnotationCatalog Annotations { get; } =
        new(
            [.. features.Select(feature => new AnnotationGroup(feature.Name, feature.Keys)), .. ForeignAnnotations.Groups],
            ForwardingSettings.Keys.Concat(features.SelectMany(feature => feature.Settings)).Select(setting => setting.Name));

    public SettingsCatalog Settings { get; } = new([.. ForwardingSettings.Keys, .. UpstreamSettings.Keys, .. features.SelectMany(feature => feature.Settings)]);
}
