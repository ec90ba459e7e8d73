using IngressController.Routing.Annotations;

namespace IngressController.Routing.Settings;

/// <summary>The known settings.</summary>
/// <param name="keys">In the order of the documentation.</param>
public sealed class SettingsCatalog(IEnumerable<SettingKey> keys)
{
    public IReadOnlyList<SettingKey> All { get; } = [.. keys];

    public SettingKey? Find(string name) => All.FirstOrDefault(key => key.Name == name);

    /// <summary>The known name most similar to an unknown one; null when none is similar.</summary>
    public string? Nearest(string name) => NearestName.Find(name, All.Select(key => key.Name));
}
