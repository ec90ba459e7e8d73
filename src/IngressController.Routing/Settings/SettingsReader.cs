using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Settings;

/// <summary>Reads the ConfigMap of global settings over the options.</summary>
internal static class SettingsReader
{
    /// <param name="name">The ConfigMap.</param>
    /// <param name="configMap">Its content; null when it does not exist, which leaves the options.</param>
    /// <param name="catalog">The known settings.</param>
    /// <param name="options">The settings of the options.</param>
    /// <param name="diagnostics">Receives the problems, one per key.</param>
    public static GlobalSettings Read(
        ResourceName name, V1ConfigMap? configMap, SettingsCatalog catalog, GlobalSettings options, List<Diagnostic> diagnostics)
    {
        if (configMap is null)
        {
            diagnostics.Add(DiagnosticCatalog.SettingsNotFound(name));
            return options;
        }

        var settings = options;
        foreach (var (key, text) in configMap.SortedData)
        {
            if (catalog.Find(key) is not { } setting)
            {
                diagnostics.Add(DiagnosticCatalog.SettingUnknown(name, key, catalog.Nearest(key)));
                continue;
            }

            if (string.IsNullOrWhiteSpace(text))
                continue;
            var applied = setting.Apply(settings, text);
            if (applied.Problem is not { } problem)
            {
                settings = applied.Value;
                continue;
            }

            var closes = setting.OnBadValue == OnBadValue.CloseRoute;
            diagnostics.Add(DiagnosticCatalog.SettingInvalid(name, key, text.Trim(), problem, closes,
                settings.TextOf(key) is { } option ? $"it is ignored (the option applies: {DiagnosticText.Shorten(option)})" : $"it is ignored (default: {setting.Default})"));
            if (closes)
                settings = settings with { ClosedBy = settings.ClosedBy ?? key };
        }

        foreach (var (key, why) in settings.Forwarding.WithoutEffect())
            diagnostics.Add(DiagnosticCatalog.SettingWithoutEffect(name, key, why));
        return settings;
    }
}
