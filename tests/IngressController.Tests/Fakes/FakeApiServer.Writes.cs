using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Fakes;

/// <content>Objects that clients write.</content>
public sealed partial class FakeApiServer
{
    /// <summary>The accepted writes, in order.</summary>
    public ImmutableList<(string Method, JsonObject Object)> Writes { get; private set; } = [];

    /// <summary>Returns the current object; null if there is none.</summary>
    /// <param name="resource">The resource, such as <c>coordination.k8s.io/leases</c>.</param>
    public JsonObject? Find(string resource, string? @namespace, string name)
    {
        lock (_lock)
            return ObjectsOf(resource).GetValueOrDefault(KeyOf(@namespace, name))?.DeepClone().AsObject();
    }

    private async Task<JsonObject> WriteAsync(HttpContext context, FakeApiRequest request)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var item = JsonSerializer.Deserialize<JsonObject>(body.ToArray())!;
        lock (_lock)
        {
            var (group, _, plural, _) = request.Target;
            var metadata = item["metadata"]!;
            var stored = ObjectsOf($"{group}/{plural}").GetValueOrDefault(KeyOf(metadata));
            var version = metadata["resourceVersion"]?.ToString();
            if (Rejection(request, stored, version) is { } rejection)
                return rejection;
            Upsert(item);
            stored = ObjectsOf($"{group}/{plural}")[KeyOf(metadata)].DeepClone().AsObject();
            Writes = Writes.Add((request.Method, stored));
            return stored.DeepClone().AsObject();
        }
    }

    private static JsonObject? Rejection(FakeApiRequest request, JsonObject? stored, string? version) => (request.Method, stored) switch
    {
        ("POST", not null) => Status(409, "AlreadyExists", $"{request.Resource} already exists"),
        ("PUT", null) => Status(404, "NotFound", $"{request.Resource} \"{request.Name}\" not found"),
        ("PUT", _) when version is not null && version != stored["metadata"]!["resourceVersion"]!.ToString() =>
            Status(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again"),
        _ => null,
    };
}
