using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Transforms;

/// <summary>YARP's transforms, as in Microsoft's YARP controller.</summary>
public static class TransformsFeature
{
    /// <summary>The one parameter of a path, named as in Microsoft's controller: the part after a prefix.</summary>
    public const string CatchAll = "catch-all";

    private const int MaxTransforms = 64;

    public static AnnotationKey<EquatableArray<Transform>> Transforms { get; } = new()
    {
        Name = "transforms",
        Form = YamlForms.TextMapList.Select(ReadAll, "a YAML list of maps, one per transform, with its name and parameters"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = $"YARP transforms: {string.Join(", ", TransformCatalog.All.Select(form => form.Name))}. They run after the proxy has set its "
            + "own headers, so X-Forwarded with Set or Append changes nothing, and the client's Host is kept unless RequestHeaderOriginalHost is false. "
            + "A Prefix path has one parameter, {**catch-all}: the rest after the prefix. The path reaches the backend byte for byte unless a "
            + "transform changes it. Headers that frame messages or belong to the connection, and CDN-Loop, cannot be set or removed.",
    };

    public static RouteFeature Feature { get; } = new("Transforms", [Transforms], context =>
        context.Annotations.TryRead(Transforms, out var transforms) ? [new TransformsPolicy(transforms)] : []);

    private static Parsed<EquatableArray<Transform>> ReadAll(EquatableArray<EquatableArray<KeyValuePair<string, string>>> maps)
    {
        if (maps.Count is 0 or > MaxTransforms)
            return ValueForm<EquatableArray<Transform>>.Refuse(maps.Count == 0 ? "is an empty list" : $"has more than {MaxTransforms} entries");
        var transforms = new List<Transform>(maps.Count);
        foreach (var map in maps)
        {
            var read = Read(map);
            if (read.Problem is { } problem)
                return ValueForm<EquatableArray<Transform>>.Refuse($"is invalid in entry {transforms.Count + 1}: {problem}");
            transforms.Add(read.Value);
        }

        return new EquatableArray<Transform>([.. transforms]);
    }

    private static Parsed<Transform> Read(EquatableArray<KeyValuePair<string, string>> map)
    {
        foreach (var (key, value) in map)
        {
            if (TransformCatalog.Find(key) is { } form)
            {
                return form.Check(value) is { } problem
                    ? Refuse($"{form.Name} {problem}")
                    : ReadParameters(form, value, [.. map.Where(entry => entry.Key != key)]);
            }
        }

        var names = string.Join(", ", map.Select(entry => entry.Key));
        return Refuse(map.Count == 0 ? "the map is empty" : $"{names} is not a YARP transform{Nearest(map[0].Key)}");
    }

    private static Parsed<Transform> ReadParameters(TransformForm form, string value, List<KeyValuePair<string, string>> given)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var (key, text) in given)
        {
            if (form.Parameters.FirstOrDefault(candidate => candidate.Name.Equals(key, StringComparison.OrdinalIgnoreCase)) is not { } parameter)
                return Refuse($"{form.Name} has no parameter {key}; it has {Names(form.Parameters)}");
            if (parameter.Check(text) is { } problem)
                return Refuse($"{parameter.Name} of {form.Name} {problem}");
            parameters.Add(KeyValuePair.Create(parameter.Name, text));
        }

        var choices = form.Parameters.Where(parameter => parameter.IsChoice).ToArray();
        var made = parameters.Count(parameter => choices.Any(choice => choice.Name == parameter.Key));
        if (choices.Length > 0 && made != 1)
            return Refuse($"{form.Name} needs {string.Join(" or ", choices.Select(choice => choice.Name))}{(made > 1 ? ", not both" : "")}");
        return new Transform(form.Name, value, [.. parameters]);
    }

    private static string Names(TransformParameter[] parameters) =>
        parameters.Length == 0 ? "none" : string.Join(", ", parameters.Select(parameter => parameter.Name));

    private static string Nearest(string key) =>
        NearestName.Find(key, TransformCatalog.All.Select(form => form.Name)) is { } nearest ? $"; did you mean {nearest}?" : "";

    private static Parsed<Transform> Refuse(string problem) => ValueForm<Transform>.Refuse(problem);
}
