using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Settings;

/// <summary>
/// The settings of all Ingresses: the ConfigMap of <c>--configmap</c> takes precedence over the options. Names and defaults are those of
/// ingress-nginx's ConfigMap; where a default differs, its property gives the reason.
/// </summary>
public sealed record GlobalSettings
{
    public static GlobalSettings Default { get; } = new();

    /// <summary>The trusted proxies, and the forwarding headers towards the backend.</summary>
    public ForwardingSettings Forwarding { get; init; } = ForwardingSettings.Default;

    /// <summary>The age of kept connections to endpoints.</summary>
    public UpstreamSettings Upstream { get; init; } = UpstreamSettings.Default;

    /// <summary>The first invalid setting that fails closed: every route answers 503. Null when there is none.</summary>
    public string? ClosedBy { get; init; }

    /// <summary>The settings of features that differ from their defaults, one of each type, in order of type names.</summary>
    public EquatableArray<FeatureSettings> Features { get; private init; } = [];

    /// <summary>The values that differ from their defaults as they were written, in order of names.</summary>
    private EquatableArray<KeyValuePair<string, string>> Texts { get; init; } = [];

    /// <summary>The value of a setting as it was written; null when it has its default.</summary>
    public string? TextOf(string name)
    {
        foreach (var (setting, text) in Texts.AsSpan())
        {
            if (setting == name)
                return text;
        }

        return null;
    }

    /// <summary>Returns these settings with the text of one; null removes it.</summary>
    internal GlobalSettings WithText(string name, string? text)
    {
        var others = Texts.Where(known => known.Key != name);
        var all = text is null ? others : others.Append(new(name, text));
        return this with { Texts = [.. all.OrderBy(known => known.Key, StringComparer.Ordinal)] };
    }

    /// <summary>The ConfigMaps that the settings name.</summary>
    internal IEnumerable<ResourceName> ConfigMaps => Features.SelectMany(settings => settings.ConfigMaps);

    /// <summary>The settings of a feature.</summary>
    public T Get<T>()
        where T : FeatureSettings, new()
    {
        foreach (var settings in Features.AsSpan())
        {
            if (settings is T found)
                return found;
        }

        return DefaultOf<T>.Value;
    }

    /// <summary>Returns these settings with other settings of a feature.</summary>
    public GlobalSettings With<T>(T settings)
        where T : FeatureSettings, new()
    {
        var others = Features.Where(known => known is not T);
        // Defaults are removed, so that equal values are equal settings.
        var all = settings == DefaultOf<T>.Value ? others : others.Append(settings);
        return this with { Features = [.. all.OrderBy(known => known.GetType().FullName, StringComparer.Ordinal)] };
    }

    /// <summary>
    /// Returns the settings with the content of the ConfigMaps that they name; see <see cref="FeatureSettings.ReadConfigMaps"/>.
    /// </summary>
    internal GlobalSettings ReadConfigMaps(Func<ResourceName, V1ConfigMap?> find, ResourceName? subject, List<Diagnostic> diagnostics) =>
        this with { Features = [.. Features.Select(settings => settings.ReadConfigMaps(find, subject, diagnostics))] };

    private static class DefaultOf<T>
        where T : FeatureSettings, new()
    {
        public static readonly T Value = new();
    }
}
