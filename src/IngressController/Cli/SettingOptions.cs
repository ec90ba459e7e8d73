using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Settings;

namespace IngressController.Cli;

/// <summary>Creates the options for the global settings, from the catalog that also reads the ConfigMap.</summary>
internal static class SettingOptions
{
    /// <param name="settings">The catalog.</param>
    /// <param name="declared">The other options, which take precedence over settings of the same name.</param>
    public static IEnumerable<RunOption> Of(IEnumerable<SettingKey> settings, IReadOnlyList<RunOption> declared) =>
        settings.Where(setting => declared.All(option => option.Name != setting.Name)).Select(Of);

    /// <summary>Sets several settings to one value.</summary>
    /// <exception cref="FormatException">The value is invalid.</exception>
    public static IngressOptions Apply(IngressOptions options, string value, params IEnumerable<string> names) =>
        names.Select(name => RouteFeatures.Catalog.Settings.Find(name)!).Aggregate(options, (set, setting) => Apply(set, value, setting));

    /// <summary>The value of a setting as it was written, or its default.</summary>
    public static string TextOf(IngressOptions options, string name) =>
        options.Translation.Global.TextOf(name) ?? RouteFeatures.Catalog.Settings.Find(name)!.Default;

    private static RunOption Of(SettingKey setting) => new(setting.Name, "VALUE", setting.Documentation, _ => null, (options, value) => Apply(options, value, setting))
    {
        Unset = setting.Default,
        IsHidden = true,
        IsSwitch = setting.FormDescription == ValueForms.Boolean.Description,
    };

    private static IngressOptions Apply(IngressOptions options, string value, SettingKey setting)
    {
        var applied = setting.Apply(options.Translation.Global, value);
        return applied.Problem is { } problem
            ? throw new FormatException($"\"{value}\" {problem}")
            : options with { Translation = options.Translation with { Global = applied.Value } };
    }
}
