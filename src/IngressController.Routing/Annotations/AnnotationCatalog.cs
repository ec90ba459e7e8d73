using System.Collections.Frozen;

namespace IngressController.Routing.Annotations;

/// <summary>The known annotations, in groups.</summary>
public sealed class AnnotationCatalog
{
    private readonly FrozenDictionary<string, AnnotationKey> _byName;
    private readonly FrozenSet<string> _settings;

    /// <param name="groups">In the order of the documentation; groups without annotations are removed.</param>
    /// <param name="settings">The names of the global settings, which are often set as annotations.</param>
    public AnnotationCatalog(IEnumerable<AnnotationGroup> groups, IEnumerable<string> settings)
    {
        _settings = settings.ToFrozenSet(StringComparer.Ordinal);
        Groups = [.. groups.Where(group => group.Keys.Count > 0)];
        _byName = Groups.SelectMany(group => group.Keys)
            .SelectMany(key => key.Names.Select(name => KeyValuePair.Create(name, key)))
            .ToFrozenDictionary(StringComparer.Ordinal);
        CanarySwitch = Groups.SelectMany(group => group.Keys).OfType<AnnotationKey<bool>>().SingleOrDefault(key => key.CanaryUse == CanaryUse.Switch);
    }

    public IReadOnlyList<AnnotationGroup> Groups { get; }

    /// <summary>The annotation that makes an Ingress a canary; null if no feature has it.</summary>
    public AnnotationKey<bool>? CanarySwitch { get; }

    /// <summary>The key of a name or alias without prefix.</summary>
    public AnnotationKey? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>True for the name of a global setting.</summary>
    public bool IsSetting(string name) => _settings.Contains(name);

    /// <summary>The known name most similar to an unknown one; null when none is similar.</summary>
    public string? Nearest(string name) => NearestName.Find(name, _byName.Keys);
}

/// <summary>The annotations of one feature.</summary>
public sealed record AnnotationGroup(string Name, IReadOnlyList<AnnotationKey> Keys);
