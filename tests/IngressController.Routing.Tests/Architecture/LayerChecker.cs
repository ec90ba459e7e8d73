using System.Reflection;

namespace IngressController.Routing.Tests.Architecture;

/// <summary>A layer of an assembly: folders that can use the layers below.</summary>
/// <param name="Folders">
/// Namespaces relative to the root namespace, with those below them; an empty name is the root namespace itself. <c>Features.*</c> stands
/// for each namespace below <c>Features</c>, as a folder of its own.
/// </param>
internal sealed record Layer(params string[] Folders)
{
    /// <summary>True if a folder can use other folders of the layer, as long as they form no ring.</summary>
    public bool AllowsSideways { get; init; }
}

/// <summary>Finds the uses of types in a compiled assembly that its layers do not allow.</summary>
/// <param name="assembly">The assembly.</param>
/// <param name="rootNamespace">The namespace of the folders.</param>
/// <param name="layers">From bottom to top.</param>
internal sealed class LayerChecker(Assembly assembly, string rootNamespace, IReadOnlyList<Layer> layers)
{
    /// <summary>Each violation as one line with both types, in ordinal order.</summary>
    public IReadOnlyList<string> FindViolations()
    {
        var arrows = FindArrows();
        var sideways = arrows.Where(arrow => arrow.From.Layer == arrow.To.Layer).ToArray();
        var unplaced = assembly.GetTypes().Where(type => IsBelowRoot(type) && PlaceOf(type) is null).Select(type => $"{type.Namespace} is in no layer");
        var upward = arrows.Where(arrow => arrow.To.Layer > arrow.From.Layer).Select(arrow => $"upward: {arrow}");
        var forbidden = sideways.Where(arrow => !layers[arrow.From.Layer].AllowsSideways).Select(arrow => $"sideways: {arrow}");
        var rings = sideways.Where(arrow => layers[arrow.From.Layer].AllowsSideways && IsReachable(sideways, arrow.To, arrow.From)).Select(arrow => $"ring: {arrow}");
        return [.. unplaced.Concat(upward).Concat(forbidden).Concat(rings).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The uses of types in the folders of a pattern, from all other folders.</summary>
    public IReadOnlyList<string> FindUsesOf(string pattern) =>
    [
        .. FindArrows().Where(arrow => Match(pattern, arrow.To.Folder) is not null && Match(pattern, arrow.From.Folder) is null)
            .Select(arrow => arrow.ToString()).Order(StringComparer.Ordinal),
    ];

    private Arrow[] FindArrows() =>
    [
        .. (from type in assembly.GetTypes()
            let @from = PlaceOf(type)
            where @from is not null
            from used in TypeUse.Of(type)
            // Arrays and references count as the type of their elements.
            where used.Assembly == assembly && !used.HasElementType
            let to = PlaceOf(used)
            where to is not null && to != @from
            select new Arrow(@from, Outermost(type), to, Outermost(used))).Distinct(),
    ];

    private bool IsBelowRoot(Type type) =>
        type.Namespace == rootNamespace || type.Namespace?.StartsWith($"{rootNamespace}.", StringComparison.Ordinal) == true;

    /// <summary>The folder of the most specific pattern that matches a type's namespace; null when none does.</summary>
    private Place? PlaceOf(Type type)
    {
        if (!IsBelowRoot(type))
            return null;
        var relative = type.Namespace!.Length == rootNamespace.Length ? "" : type.Namespace[(rootNamespace.Length + 1)..];
        var places =
            from layer in layers.Index()
            from pattern in layer.Item.Folders
            let folder = Match(pattern, relative)
            where folder is not null
            select new Place(folder, layer.Index);
        return places.MaxBy(place => place.Folder.Length);
    }

    /// <summary>The part of a namespace that a pattern stands for; null when it does not match.</summary>
    private static string? Match(string pattern, string relative)
    {
        if (!pattern.EndsWith(".*", StringComparison.Ordinal))
            return relative == pattern || (pattern.Length > 0 && relative.StartsWith($"{pattern}.", StringComparison.Ordinal)) ? pattern : null;
        var parent = pattern[..^1];
        if (!relative.StartsWith(parent, StringComparison.Ordinal))
            return null;
        var end = relative.IndexOf('.', parent.Length);
        return end < 0 ? relative : relative[..end];
    }

    private static bool IsReachable(IReadOnlyCollection<Arrow> arrows, Place from, Place to)
    {
        var reached = new HashSet<Place> { from };
        var waiting = new Queue<Place>(reached);
        while (waiting.TryDequeue(out var place))
        {
            foreach (var arrow in arrows.Where(arrow => arrow.From == place && reached.Add(arrow.To)))
                waiting.Enqueue(arrow.To);
        }

        return reached.Contains(to);
    }

    /// <summary>Closures and other nested types count as the type around them.</summary>
    private static string Outermost(Type type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type.Name;
    }

    private sealed record Place(string Folder, int Layer);

    private sealed record Arrow(Place From, string FromType, Place To, string ToType)
    {
        public override string ToString() => $"{From.Folder}.{FromType} -> {To.Folder}.{ToType}";
    }
}
