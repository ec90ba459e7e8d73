using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Annotations;

namespace IngressController.Sources.Folder;

/// <summary>Finds the field that an unknown one probably means.</summary>
internal static class FieldSuggestion
{
    /// <summary>Fields of other levels that are not searched: no one means them, and some contain themselves.</summary>
    private static readonly string[] NotSearched = ["status", "managedFields", "ownerReferences"];

    /// <summary>The fields of older versions of the API.</summary>
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["serviceName"] = "service.name",
        ["servicePort"] = "service.port.number",
    };

    /// <summary>Returns the path of the nearest known field; null if none is near.</summary>
    public static string? For(UnknownField unknown, JsonTypeInfo root)
    {
        var parent = unknown.Path[..^unknown.Name.Length].TrimEnd('.');
        string At(string name) => parent.Length == 0 || unknown.Path.EndsWith(']') ? name : $"{parent}.{name}";

        var siblings = unknown.Owner.Properties.Select(property => property.Name).ToArray();
        if (Array.Find(siblings, name => Letters(name).Equals(Letters(unknown.Name), StringComparison.OrdinalIgnoreCase)) is { } same)
            return At(same);
        if (Renamed.TryGetValue(unknown.Name, out var renamed) && siblings.Contains(renamed[..renamed.IndexOf('.', StringComparison.Ordinal)]))
            return At(renamed);
        if (Below(unknown.Owner, unknown.Name, depth: 1) is { } below)
            return At(below);
        if (unknown.Name.Length >= 4 && Array.Find(siblings, name => Contains(name, unknown.Name)) is { } longer)
            return At(longer);
        return NearestName.Find(unknown.Name, siblings) is { } nearest ? At(nearest) : Below(root, unknown.Name, depth: 6);
    }

    /// <summary>The name without signs and without the s of a plural.</summary>
    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).TrimEnd('s');

    private static bool Contains(string name, string part) =>
        name.StartsWith(part, StringComparison.OrdinalIgnoreCase) || name.EndsWith(part, StringComparison.OrdinalIgnoreCase)
        || (name.Length >= 4 && part.StartsWith(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns the path of a field of that name in the members of a type, or deeper.</summary>
    private static string? Below(JsonTypeInfo type, string name, int depth)
    {
        foreach (var property in type.Properties.Where(property => !NotSearched.Contains(property.Name)))
        {
            var (member, index) = MemberOf(type, property);
            if (member is null)
                continue;
            var path = $"{property.Name}{index}";
            if (member.Properties.FirstOrDefault(candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found)
                return $"{path}.{found.Name}";
            if (depth > 1 && Below(member, name, depth - 1) is { } deeper)
                return $"{path}.{deeper}";
        }

        return null;
    }

    private static (JsonTypeInfo? Type, string Index) MemberOf(JsonTypeInfo owner, JsonPropertyInfo property)
    {
        var type = owner.Options.GetTypeInfo(property.PropertyType);
        var (member, index) = type.Kind == JsonTypeInfoKind.Enumerable ? (owner.Options.GetTypeInfo(type.Type.GetGenericArguments()[0]), "[]") : (type, "");
        return member.Kind == JsonTypeInfoKind.Object ? (member, index) : (null, "");
    }
}
