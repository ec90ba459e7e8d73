using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>A global setting, declared once: a key of the ConfigMap and an option of the same name.</summary>
/// <param name="Name">The name, as in ingress-nginx's ConfigMap, for example <c>hsts-max-age</c>.</param>
/// <param name="FormDescription">The syntax of its value, for people.</param>
/// <param name="Default">The value when it is not set, for people.</param>
/// <param name="Documentation">The meaning, in full sentences.</param>
/// <param name="Apply">Sets the value, or returns the problem as a clause that follows the quoted value.</param>
public sealed record SettingKey(
    string Name, string FormDescription, string Default, string Documentation, Func<GlobalSettings, string, Parsed<GlobalSettings>> Apply)
{
    /// <summary>
    /// The effect of an invalid value in the ConfigMap: with <see cref="OnBadValue.CloseRoute"/> all routes answer 503 until it is fixed.
    /// </summary>
    public OnBadValue OnBadValue { get; init; }

    /// <summary>A setting that belongs to no feature.</summary>
    public static SettingKey Of<T>(
        string name, ValueForm<T> form, string @default, string documentation, Func<GlobalSettings, T, GlobalSettings> with) => new(
        name, form.Description, @default, documentation,
        (settings, text) => form.Read(text) is { Problem: { } problem }
            ? ValueForm<GlobalSettings>.Refuse(problem)
            : with(settings, form.Read(text).Value).WithText(name, text.Trim() == @default ? null : text.Trim()));

    /// <summary>A setting of a feature.</summary>
    public static SettingKey Of<TSettings, T>(
        string name, ValueForm<T> form, string @default, string documentation, Func<TSettings, T, TSettings> with)
        where TSettings : FeatureSettings, new() =>
        Of(name, form, @default, documentation, (GlobalSettings settings, T value) => settings.With(with(settings.Get<TSettings>(), value)));
}
