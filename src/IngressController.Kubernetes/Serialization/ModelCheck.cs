using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>A value that does not have the type of its field.</summary>
public sealed record FieldProblem(string Path, string Message, JsonNode? Node);

/// <summary>A field that the model of its object does not have.</summary>
public sealed record UnknownField(string Path, string Name, JsonTypeInfo Owner, JsonNode? Node);

/// <summary>Compares an object with its model and finds all that is wrong, where decoding finds the first.</summary>
public sealed class ModelCheck
{
    private static readonly SearchValues<char> QuotedCharacters = SearchValues.Create("./[]'\" ()");

    private readonly List<FieldProblem> _problems = [];
    private readonly List<UnknownField> _unknown = [];

    private ModelCheck()
    {
    }

    /// <summary>The values of the wrong type.</summary>
    public IReadOnlyList<FieldProblem> Problems => _problems;

    /// <summary>The fields that decoding ignores.</summary>
    public IReadOnlyList<UnknownField> Unknown => _unknown;

    public static ModelCheck Of(JsonNode? root, JsonTypeInfo type)
    {
        var check = new ModelCheck();
        check.Visit(root, type, "");
        return check;
    }

    private void Visit(JsonNode? node, JsonTypeInfo type, string path)
    {
        if (node is null)
        {
            if (type.Type.IsValueType && Nullable.GetUnderlyingType(type.Type) is null)
                Add(node, path, "is missing");
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object when node is JsonObject map:
                VisitMembers(map, type, path);
                break;
            case JsonTypeInfoKind.Dictionary when node is JsonObject map:
                foreach (var (key, value) in map)
                    Visit(value, Argument(type, 1), Join(path, key));
                break;
            case JsonTypeInfoKind.Enumerable when node is JsonArray array:
                if (array.Contains(null))
                    Add(node, path, "has an empty item");
                for (var i = 0; i < array.Count; i++)
                    VisitItem(array[i], Argument(type, 0), $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]");
                break;
            default:
                if (Mismatch(node, type) is { } reason)
                    Add(node, path, reason);
                break;
        }
    }

    private void VisitItem(JsonNode? item, JsonTypeInfo type, string path)
    {
        if (item is not null)
            Visit(item, type, path);
    }

    private void VisitMembers(JsonObject map, JsonTypeInfo type, string path)
    {
        foreach (var (name, value) in map)
        {
            var property = type.Properties.FirstOrDefault(property => property.Name == name);
            if (property is null)
                _unknown.Add(new UnknownField(Join(path, name), name, type, value ?? map));
            // Decoding accepts anything there.
            else if (name != "managedFields")
                Visit(value, type.Options.GetTypeInfo(property.PropertyType), Join(path, name));
        }
    }

    private void Add(JsonNode? node, string path, string message) => _problems.Add(new FieldProblem(path.Length == 0 ? "(object)" : path, message, node));

    private static JsonTypeInfo Argument(JsonTypeInfo type, int index) => type.Options.GetTypeInfo(type.Type.GetGenericArguments()[index]);

    private static string Join(string path, string name) =>
        name.AsSpan().ContainsAny(QuotedCharacters) || name.Length == 0 ? $"{path}['{name}']" : path.Length == 0 ? name : $"{path}.{name}";

    private static string? Mismatch(JsonNode node, JsonTypeInfo type)
    {
        var kind = node.GetValueKind();
        var target = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (type.Kind is JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary)
            return $"must be a map, but is {Describe(kind)}";
        if (type.Kind == JsonTypeInfoKind.Enumerable)
            return $"must be a list, but is {Describe(kind)}" + (kind == JsonValueKind.Object ? ": put \"- \" before each item" : "");
        if (target == typeof(string))
            return kind == JsonValueKind.String ? null : $"must be a string, but is {Describe(kind)}" + (node is JsonValue ? ": put the value in quotes" : "");
        if (target == typeof(int) || target == typeof(long))
            return MismatchOfNumber(node, kind, target);
        if (target == typeof(bool))
            return kind is JsonValueKind.True or JsonValueKind.False ? null : $"must be true or false, but is {Describe(kind)}" + Unquote(node, "true", "false");
        if (target == typeof(IntOrString))
            return kind is JsonValueKind.Number or JsonValueKind.String ? null : $"must be a number or a string, but is {Describe(kind)}";
        if (target == typeof(DateTime))
            return IsTime(node, kind) ? null : "must be a time such as 2024-01-31T12:00:00Z";
        if (target == typeof(byte[]))
            return IsBase64(node, kind) ? null : "must be Base64; write plain text below stringData";
        return null;
    }

    private static string? MismatchOfNumber(JsonNode node, JsonValueKind kind, Type target)
    {
        if (kind != JsonValueKind.Number)
        {
            return $"must be a number, but is {Describe(kind)}"
                + (kind == JsonValueKind.String && int.TryParse(node.GetValue<string>(), CultureInfo.InvariantCulture, out _) ? ": remove the quotes" : "");
        }

        var value = node.AsValue().TryGetValue<long>(out var integer) ? integer : node.GetValue<double>();
        if (value != Math.Floor(value))
            return "must be a whole number";
        return target == typeof(int) && value is < int.MinValue or > int.MaxValue ? "is too large" : null;
    }

    private static string Unquote(JsonNode node, params string[] values) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && values.Contains(text) ? ": remove the quotes" : "";

    private static bool IsTime(JsonNode node, JsonValueKind kind) =>
        kind == JsonValueKind.String && node.GetValue<string>() is [_, _, _, _, '-', _, _, '-', _, _, 'T', ..] text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _);

    private static bool IsBase64(JsonNode node, JsonValueKind kind) =>
        kind == JsonValueKind.String && node.GetValue<string>() is var text && Convert.TryFromBase64String(text, new byte[text.Length], out _);

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "a map",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "a boolean",
    };
}
