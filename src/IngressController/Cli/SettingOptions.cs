using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Translation;

namespace IngressController.Cli;

/// <summary>The global settings as options: declared once, in the catalogue that reads the ConfigMap as well.</summary>
internal static class SettingOptions
{
    /// <param name="settings">The catalogue.</param>
    /// <param name="own">The other options; a setting of the same name is left to them.</param>
    public static IEnumerable<RunOption> Of(IEnumerable<SettingKey> settings, IReadOnlyList<RunOption> own) =>
        settings.Where(setting => own.All(option => option.Name != setting.Name)).Select(Of);

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
