using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Settings;

/// <summary>The settings of one feature for all Ingresses: a sealed record whose constructor sets the defaults.</summary>
public abstract record FeatureSettings
{
    /// <summary>The ConfigMaps that the settings name, in any namespace.</summary>
    internal virtual IEnumerable<ResourceName> ConfigMaps => [];

    /// <summary>
    /// True if the settings add an access check, as an annotation with <see cref="Annotations.AnnotationKey.IsAccessCheck"/> does.
    /// </summary>
    internal virtual bool HasAccessCheck => false;

    /// <summary>Returns the settings with the content of the ConfigMaps that they name.</summary>
    /// <param name="find">Looks up a ConfigMap.</param>
    /// <param name="subject">The ConfigMap of the settings; null when they come from options alone.</param>
    /// <param name="diagnostics">Receives the problems.</param>
    internal virtual FeatureSettings ReadConfigMaps(Func<ResourceName, V1ConfigMap?> find, ResourceName? subject, List<Diagnostic> diagnostics) => this;
}
