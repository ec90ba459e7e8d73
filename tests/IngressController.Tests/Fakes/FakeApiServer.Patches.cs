using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Fakes;

/// <content>Merge patches, and the managed fields of a status.</content>
public sealed partial class FakeApiServer
{
    /// <summary>Writes a status as a controller does.</summary>
    public void WriteStatus(string kind, string @namespace, string name, string loadBalancerIngress, string manager)
    {
        var patch = new JsonObject { ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = JsonNode.Parse(loadBalancerIngress) } } };
        lock (_lock)
        {
            var resource = _objects.Keys.Single(key => key.EndsWith("/" + Plural(kind), StringComparison.Ordinal));
            PatchStatus(resource, KeyOf(@namespace, name), patch, manager);
        }
    }

    /// <summary>Returns the status of an object as one line: its addresses and host names, in their order.</summary>
    public string StatusOf(string kind, string @namespace, string name)
    {
        lock (_lock)
        {
            var resource = _objects.Keys.Single(key => key.EndsWith("/" + Plural(kind), StringComparison.Ordinal));
            var entries = ObjectsOf(resource)[KeyOf(@namespace, name)]["status"]?["loadBalancer"]?["ingress"]?.AsArray() ?? [];
            return string.Join(" ", entries.Select(entry => $"{entry!["ip"] ?? entry["hostname"]}"));
        }
    }

    private async Task PatchAsync(HttpContext context, FakeApiRequest request)
    {
        var body = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        await WriteJsonAsync(context, Patch(context, request, body!.AsObject()));
    }

    private JsonObject Patch(HttpContext context, FakeApiRequest request, JsonObject patch)
    {
        if (context.Request.ContentType?.Split(';')[0] != "application/merge-patch+json")
            return Status(415, "UnsupportedMediaType", "only merge patches");
        var (group, @namespace, plural, name) = request.Target;
        lock (_lock)
        {
            if (!ObjectsOf($"{group}/{plural}").TryGetValue(KeyOf(@namespace, name!), out var item))
                return Status(404, "NotFound", $"{plural} \"{name}\" not found");
            if (patch["metadata"]?["resourceVersion"]?.ToString() is { } version && version != item["metadata"]!["resourceVersion"]!.ToString())
                return Status(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again");
            if (request.Path.EndsWith("/status", StringComparison.Ordinal))
                return PatchStatus($"{group}/{plural}", KeyOf(@namespace, name!), patch, request.Query.GetValueOrDefault("fieldManager", "unknown")).DeepClone().AsObject();
            Upsert(Merge(item, patch)!.AsObject());
            var stored = ObjectsOf($"{group}/{plural}")[KeyOf(@namespace, name!)].DeepClone().AsObject();
            Writes = Writes.Add((request.Method, stored));
            return stored.DeepClone().AsObject();
        }
    }

    private JsonObject PatchStatus(string resource, string key, JsonObject patch, string manager)
    {
        var before = ObjectsOf(resource)[key];
        var after = before.DeepClone().AsObject();
        after["status"] = Merge(before["status"], patch["status"]);
        // A patch without a change creates no version.
        if (JsonNode.DeepEquals(before["status"], after["status"]))
            return before;
        const string Field = """{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}""";
        var managers = new JsonArray();
        if (after["status"]?["loadBalancer"]?["ingress"] is JsonArray { Count: > 0 })
            managers.Add(new JsonObject { ["manager"] = manager, ["operation"] = "Update", ["fieldsType"] = "FieldsV1", ["fieldsV1"] = JsonNode.Parse(Field) });
        after["metadata"]!["managedFields"] = managers;
        ObjectsOf(resource)[key] = after;
        Record(resource, "MODIFIED", after);
        return after;
    }

    /// <summary>Applies a merge patch (RFC 7396).</summary>
    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var merged = target as JsonObject is { } old ? old.DeepClone().AsObject() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
                merged.Remove(name);
            else
                merged[name] = Merge(merged[name], value);
        }

        return merged;
    }

    /// <summary>Keeps the status and managed fields of a changed object, and counts the changes to the spec of an Ingress.</summary>
    private static void KeepServerFields(string resource, JsonObject item, JsonObject? old)
    {
        if (old?["status"] is { } status)
            item["status"] ??= status.DeepClone();
        if (old?["metadata"]?["managedFields"] is { } managers)
            item["metadata"]!["managedFields"] ??= managers.DeepClone();
        if (!resource.EndsWith("/ingresses", StringComparison.Ordinal))
            return;
        var generation = old?["metadata"]?["generation"] is { } counted ? long.Parse(counted.ToString(), CultureInfo.InvariantCulture) : 0;
        item["metadata"]!["generation"] = generation + (old is not null && JsonNode.DeepEquals(old["spec"], item["spec"]) ? 0 : 1);
    }
}
