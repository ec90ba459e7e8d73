using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Cli;

/// <summary>Creates the options for the global settings, from the catalog that also reads the ConfigMap.</summary>
internal static class SettingOptions
{
    /// <param name="settings">The catalog.</param>
    /// <param name="declared">The other options, which take precedence over settings of the same name.</param>
    public static IEnumerable<RunOption> Of(IEnumerable<SettingKey> settings, IReadOnlyList<RunOption> declared) =>
        settings.Where(setting => declared.All(option => option.Name != setting.Name)).Select(Of);

    private static RunOption Of(SettingKey setting) => new(setting.Name, "VALUE", setting.Documentation, _ => null, (options, value) =>
    {
        var applied = setting.Apply(options.Translation.Global, value);
        return applied.Problem is { } problem
            ? throw new FormatException($"\"{value}\" {problem}")
            : options with { Translation = options.Translation with { Global = applied.Value } };
    })
    {
        Unset = setting.Default,
        IsHidden = true,
        IsSwitch = setting.FormDescription == ValueForms.Boolean.Description,
    };
}
