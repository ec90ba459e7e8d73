using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Cli;
using IngressController.Routing.Catalog;

namespace IngressController.Tests.Charts;

/// <summary>values.yaml, values.schema.json and the settings of the program agree.</summary>
public sealed class ChartValuesTests
{
    private static readonly string SchemaFile = Path.Combine(RepositoryFile.Chart, "values.schema.json");

    /// <summary>Indented and escaped no more than JSON requires, for readers.</summary>
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public void The_schema_has_exactly_the_settings_of_the_program()
    {
        var schema = Schema();
        schema["definitions"]!["settings"]!["properties"] = new JsonObject(RouteFeatures.Catalog.Settings.All.Select(setting => setting.Name).Order(StringComparer.Ordinal)
            .Select(name => KeyValuePair.Create<string, JsonNode?>(name, new JsonObject { ["type"] = new JsonArray("string", "boolean", "number") })));
        RepositoryFile.AssertIs(SchemaFile, $"{schema.ToJsonString(Format)}\n");
    }

    [Fact]
    public void The_appVersion_is_the_version_of_the_program() => Assert.Equal(
        typeof(RunOptions).Assembly.GetName().Version!.ToString(3),
        ChartCase.Text(Assert.Single(ChartCase.Parse(RepositoryFile.Read("charts", "yarp-ingress", "Chart.yaml")))["appVersion"]));

    [Fact]
    public void Values_and_schema_have_the_same_keys() =>
        Assert.Equal(Leaves(Schema(), Schema()).Order(StringComparer.Ordinal), Leaves(Values()).Order(StringComparer.Ordinal));

    [Fact]
    public void Unknown_keys_are_rejected_in_all_objects_of_the_chart() => Assert.All(
        Objects(Schema()), schema => Assert.True(schema["additionalProperties"] is { } more && (more.GetValueKind() == JsonValueKind.False), schema.ToJsonString()));

    [Fact]
    public void Every_option_against_overload_has_a_value()
    {
        var arguments = new ChartCase("overload").Container["args"]!.AsArray().Select(argument => ChartCase.Text(argument!).Split('=')[0]).ToArray();
        Assert.All(OverloadOptionGroup.Group.Options, option => Assert.Contains(option.Flag, arguments));
    }

    private static JsonObject Schema() => JsonNode.Parse(File.ReadAllText(SchemaFile))!.AsObject();

    private static JsonObject Values() => Assert.Single(ChartCase.Parse(RepositoryFile.Read("charts", "yarp-ingress", "values.yaml")));

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject schema => (schema["properties"] is JsonObject ? [schema] : Array.Empty<JsonObject>()).Concat(schema.SelectMany(field => Objects(field.Value))),
        JsonArray list => list.SelectMany(Objects),
        _ => [],
    };

    /// <summary>The paths of the values that a schema describes, down to objects of Kubernetes.</summary>
    private static IEnumerable<string> Leaves(JsonObject root, JsonNode schema, string path = "")
    {
        if (schema["$ref"] is { } reference)
            schema = root["definitions"]![ChartCase.Text(reference).Split('/')[^1]]!;
        if (IsOpen(path) || schema["properties"] is not JsonObject properties)
            return [path];
        return properties.Where(property => path.Length > 0 || property.Key is not ("global" or "enabled")).SelectMany(property => Leaves(root, property.Value!, $"{path}.{property.Key}"));
    }

    private static IEnumerable<string> Leaves(JsonNode? value, string path = "") =>
        !IsOpen(path) && value is JsonObject { Count: > 0 } fields ? fields.SelectMany(field => Leaves(field.Value, $"{path}.{field.Key}")) : [path];

    /// <summary>True for values whose other fields are defined by Kubernetes.</summary>
    private static bool IsOpen(string path) =>
        path is ".config" or ".updateStrategy" or ".affinity" or ".resources" or ".podSecurityContext" or ".securityContext" or ".autoscaling.behavior"
        || path.EndsWith("Probe", StringComparison.Ordinal);
}
