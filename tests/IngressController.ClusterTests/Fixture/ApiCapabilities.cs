using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace IngressController.ClusterTests.Fixture;

/// <summary>The capabilities of the API server under test, as it reports them. Its version is only for messages.</summary>
internal sealed class ApiCapabilities
{
    private readonly HashSet<string> _served;
    private readonly JsonObject _schemas;

    private ApiCapabilities(string version, HashSet<string> served, JsonObject schemas, bool isDualStack)
    {
        Version = version;
        _served = served;
        _schemas = schemas;
        IsDualStack = isDualStack;
    }

    public string Version { get; }

    /// <summary>True if Services can have addresses of both families.</summary>
    public bool IsDualStack { get; }

    /// <summary>Queries the capabilities before a test has added kinds of its own.</summary>
    public static async Task<ApiCapabilities> QueryAsync(ClusterClient client, bool isDualStack)
    {
        var version = await GetAsync("/version");
        var groups = await GetAsync("/apis");
        var served = groups["groups"]!.AsArray().SelectMany(group => group!["versions"]!.AsArray()).Select(entry => Text(entry!["groupVersion"]));
        var schemas = await GetAsync("/openapi/v2");
        return new ApiCapabilities(Text(version["gitVersion"]), [.. served, "v1"], schemas["definitions"]!.AsObject(), isDualStack);

        async Task<JsonObject> GetAsync(string path) => (await client.Http.GetFromJsonAsync<JsonObject>(path))!;
    }

    /// <param name="apiVersion">The group and version, such as <c>policy/v1</c>.</param>
    public bool Serves(string apiVersion) => _served.Contains(apiVersion);

    /// <summary>Returns true if objects have a field on this server.</summary>
    /// <param name="apiVersion">The group and version of the kind, such as <c>apps/v1</c>.</param>
    /// <param name="kind">The kind, such as <c>DaemonSet</c>.</param>
    /// <param name="path">The names on the path to the field, without lists.</param>
    public bool HasField(string apiVersion, string kind, IEnumerable<string> path)
    {
        var schema = _schemas.Select(entry => entry.Value!).SingleOrDefault(schema => IsOf(schema, apiVersion, kind))
            ?? throw new InvalidOperationException($"the API server {Version} has no schema of {apiVersion} {kind}");
        JsonNode? found = schema;
        foreach (var name in path)
        {
            if (found?["$ref"] is { } reference)
                found = _schemas[Text(reference).Split('/')[^1]];
            found = found?["properties"]?[name];
        }

        return found is not null;
    }

    private static bool IsOf(JsonNode schema, string apiVersion, string kind) =>
        schema["x-kubernetes-group-version-kind"] is JsonArray kinds && kinds.Any(entry =>
            Text(entry!["kind"]) == kind && apiVersion == (Text(entry["group"]) is { Length: > 0 } group ? $"{group}/{Text(entry["version"])}" : Text(entry["version"])));

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
