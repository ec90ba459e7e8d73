using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>One global setting, declared once: a key of the ConfigMap and an option of the same name.</summary>
/// <param name="Name">As in ingress-nginx's ConfigMap, for example <c>hsts-max-age</c>.</param>
/// <param name="FormDescription">How its value is written, for people.</param>
/// <param name="Default">What counts when it is not set, for people.</param>
/// <param name="Documentation">What it does; full sentences.</param>
/// <param name="Apply">Sets the value, or says what is wrong with it; one clause that goes on after the quoted value.</param>
public sealed record SettingKey(
    string Name, string FormDescription, string Default, string Documentation, Func<GlobalSettings, string, Parsed<GlobalSettings>> Apply)
{
    /// <summary>
    /// What a value of the ConfigMap that cannot be understood does: with <see cref="OnBadValue.CloseRoute"/> all routes answer 503 until it
    /// is mended.
    /// </summary>
    public OnBadValue OnBadValue { get; init; }

    /// <summary>A setting of all features.</summary>
    public static SettingKey Of<T>(
        string name, ValueForm<T> form, string @default, string documentation, Func<GlobalSettings, T, GlobalSettings> with) => new(
        name, form.Description, @default, documentation,
        (settings, text) => form.Read(text) is { Problem: { } problem } ? ValueForm<GlobalSettings>.Refuse(problem) : with(settings, form.Read(text).Value));

    /// <summary>A setting of one feature.</summary>
    public static SettingKey Of<TSettings, T>(
        string name, ValueForm<T> form, string @default, string documentation, Func<TSettings, T, TSettings> with)
        where TSettings : FeatureSettings, new() =>
        Of(name, form, @default, documentation, (GlobalSettings settings, T value) => settings.With(with(settings.Get<TSettings>(), value)));
}
