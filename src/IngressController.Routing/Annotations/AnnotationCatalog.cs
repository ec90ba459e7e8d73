using System.Collections.Frozen;
using IngressController.Routing.Features;

namespace IngressController.Routing.Annotations;

/// <summary>All annotations: those of the features, and those that are known and do nothing (yet).</summary>
public static class AnnotationCatalog
{
    /// <summary>In the order of the documentation: by feature.</summary>
    public static IReadOnlyList<AnnotationGroup> Groups { get; } =
    [
        .. RouteFeatures.All.Where(feature => feature.Keys.Count > 0).Select(feature => new AnnotationGroup(feature.Name, feature.Keys)),
        .. ForeignAnnotations.Groups,
    ];

    private static readonly FrozenDictionary<string, AnnotationKey> ByName = Groups
        .SelectMany(group => group.Keys)
        .SelectMany(key => key.Names.Select(name => KeyValuePair.Create(name, key)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The key of a name or alias without prefix.</summary>
    public static AnnotationKey? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The known name that was probably meant; null when none is near.</summary>
    public static string? Nearest(string name) => NearestName.Find(name, ByName.Keys);

    /// <summary>Whether a raw piece of nginx configuration keeps somebody out: its loss must be said loudly.</summary>
    public static bool MayProtect(string snippet) =>
        ((string[])["deny ", "allow ", "auth_", "return 401", "return 403", "return 444", "satisfy ", "limit_req", "limit_conn", "SecRule", "ssl_verify"])
        .Any(word => snippet.Contains(word, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The annotations of one feature.</summary>
public sealed record AnnotationGroup(string Name, IReadOnlyList<AnnotationKey> Keys);
