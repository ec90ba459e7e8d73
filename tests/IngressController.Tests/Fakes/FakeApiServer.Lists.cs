using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Fakes;

/// <content>Responses to requests other than watches.</content>
public sealed partial class FakeApiServer
{
    private readonly Dictionary<string, (long Version, List<JsonObject> Items)> _pages = [];

    private sealed record Collection(string Resource, string? Namespace, string? FieldSelector, string? LabelSelector, bool IsMetadataOnly)
    {
        public bool Has(string resource, JsonObject item) =>
            resource == Resource
            && (Namespace is null || NamespaceOf(item) == Namespace)
            && Terms(FieldSelector).All(term => Field(item, term.Name) == term.Value)
            && Terms(LabelSelector).All(term => item["metadata"]?["labels"]?[term.Name]?.ToString() == term.Value);

        /// <summary>Returns the object or only its metadata.</summary>
        public JsonObject Cut(JsonObject item) => !IsMetadataOnly ? item.DeepClone().AsObject() : new JsonObject
        {
            ["kind"] = "PartialObjectMetadata",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = item["metadata"]!.DeepClone(),
        };

        private static string? Field(JsonNode? item, string path) => path.Split('.').Aggregate(item, (node, name) => node?[name])?.ToString();

        private static IEnumerable<(string Name, string Value)> Terms(string? selector) =>
            (selector ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(term => term.Split('=', 2)).Select(term => (term[0], term[1]));
    }

    private async Task RespondAsync(HttpContext context, FakeApiRequest request)
    {
        if (AcceptedTokens is { } accepted && !accepted.Contains(request.Token ?? ""))
            await WriteStatusAsync(context, Status(401, "Unauthorized", "Unauthorized"));
        else if (request.Path is "/version" or "/version/")
            await WriteJsonAsync(context, new JsonObject { ["major"] = "1", ["minor"] = "34", ["gitVersion"] = "v1.34.0-fake" });
        else if (ForbiddenResources.Contains(request.Resource))
            await WriteStatusAsync(context, Status(403, "Forbidden", $"{request.Resource} is forbidden: User \"fake\" cannot list resource"));
        else if (request.Target is { Plural.Length: > 0 } && request.Method is "POST" or "PUT")
            await WriteJsonAsync(context, await WriteAsync(context, request));
        else if (request is { Method: "PATCH", Name: not null })
            await PatchAsync(context, request);
        else if (request.Target is not { Plural.Length: > 0 } || request.Method != "GET")
            await WriteStatusAsync(context, Status(404, "NotFound", "the server could not find the requested resource"));
        else if (request.IsGet)
            await WriteJsonAsync(context, Get(request));
        else if (request.IsWatch)
            await WatchAsync(context, request, CollectionOf(request));
        else
            await WriteJsonAsync(context, List(request, CollectionOf(request)));
    }

    /// <summary>Returns the namespace of an object, which is "default" if a manifest does not name one.</summary>
    private static string NamespaceOf(JsonObject item) => item["metadata"]?["namespace"]?.ToString() ?? "default";

    private static Collection CollectionOf(FakeApiRequest request)
    {
        var (group, @namespace, plural, _) = request.Target;
        return new(
            $"{group}/{plural}", @namespace, request.Query.GetValueOrDefault("fieldSelector"), request.Query.GetValueOrDefault("labelSelector"),
            request.IsMetadataOnly);
    }

    private JsonObject Get(FakeApiRequest request)
    {
        var collection = CollectionOf(request);
        lock (_lock)
        {
            var found = ObjectsOf(collection.Resource).Values.FirstOrDefault(item =>
                item["metadata"]?["name"]?.ToString() == request.Name && collection.Has(collection.Resource, item));
            return found is not null ? collection.Cut(found) : Status(404, "NotFound", $"{request.Resource} \"{request.Name}\" not found");
        }
    }

    private JsonObject List(FakeApiRequest request, Collection collection)
    {
        lock (_lock)
        {
            if (request.Query.TryGetValue("continue", out var token))
            {
                if (!_pages.Remove(token, out var page))
                {
                    var expired = Status(410, "Expired", "The provided continue parameter is too old");
                    expired["metadata"]!["continue"] = "inconsistent";
                    return expired;
                }

                return Page(page.Version, page.Items, Limit(request));
            }

            if (TooLarge(request) is { } refusal)
                return refusal;
            var all = ObjectsOf(collection.Resource).Values.Where(item => collection.Has(collection.Resource, item)).Select(collection.Cut).ToList();
            return Page(_version, all, request.ResourceVersion == "0" && ListsFromCache ? null : Limit(request));
        }
    }

    private JsonObject Page(long version, List<JsonObject> items, int? limit)
    {
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (limit < items.Count)
        {
            var token = Guid.NewGuid().ToString("N");
            _pages[token] = (version, items[limit.Value..]);
            metadata["continue"] = token;
            metadata["remainingItemCount"] = items.Count - limit.Value;
            items = items[..limit.Value];
        }

        return new JsonObject
        {
            ["kind"] = "List",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. items.Select(WithoutKind)]),
        };
    }

    /// <summary>Returns the object without its kind, which objects in real lists do not have.</summary>
    private static JsonNode WithoutKind(JsonObject item)
    {
        var copy = item.DeepClone().AsObject();
        copy.Remove("kind");
        copy.Remove("apiVersion");
        return copy;
    }

    private JsonObject? TooLarge(FakeApiRequest request)
    {
        if (!long.TryParse(request.ResourceVersion, CultureInfo.InvariantCulture, out var wanted) || wanted <= _version)
            return null;
        var status = Status(504, "Timeout", $"Too large resource version: {wanted}, current: {_version}");
        status["details"] = new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        };
        return status;
    }

    private static int? Limit(FakeApiRequest request) =>
        int.TryParse(request.Query.GetValueOrDefault("limit"), CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit : null;

    private async Task WriteJsonAsync(HttpContext context, JsonObject json)
    {
        if (json["kind"]?.ToString() == "Status")
            context.Response.StatusCode = json["code"]!.GetValue<int>();
        context.Response.ContentType = "application/json";
        var bytes = JsonSerializer.SerializeToUtf8Bytes(json);
        if (bytes.Length >= GzipThreshold && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            context.Response.Headers.ContentEncoding = "gzip";
            using var buffer = new MemoryStream();
            await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
                await gzip.WriteAsync(bytes);
            bytes = buffer.ToArray();
        }

        await WritePiecesAsync(context, bytes);
    }

    private async Task WritePiecesAsync(HttpContext context, byte[] bytes)
    {
        for (var start = 0; start < bytes.Length; start += PieceSize ?? bytes.Length)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(start, Math.Min(PieceSize ?? bytes.Length, bytes.Length - start)));
            await context.Response.Body.FlushAsync();
        }
    }
}
