using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Events;

/// <summary>The Events of a fake API server, which responds to writes of Events like a real one.</summary>
internal sealed class FakeEvents
{
    private readonly ConcurrentDictionary<string, JsonObject> _events = new(StringComparer.Ordinal);

    private FakeEvents()
    {
    }

    /// <summary>All Events by namespace/name.</summary>
    public IReadOnlyDictionary<string, JsonObject> All => _events;

    public JsonObject Single => Assert.Single(_events).Value;

    public static FakeEvents On(FakeApiServer server)
    {
        var events = new FakeEvents();
        server.Intercept(IsWrite, events.AnswerAsync, int.MaxValue);
        return events;
    }

    public static bool IsWrite(FakeApiRequest request) => request.Resource == "events" && request.Method != "GET";

    /// <summary>Deletes all Events, as API servers do after an hour.</summary>
    public void Expire() => _events.Clear();

    private async Task AnswerAsync(HttpContext context)
    {
        var body = (await JsonSerializer.DeserializeAsync<JsonObject>(context.Request.Body))!;
        var request = FakeApiRequest.From(context);
        var ns = request.Target.Namespace!;
        if (request.Method == "POST")
        {
            var added = _events.TryAdd($"{ns}/{body["metadata"]!["name"]}", body);
            await RespondAsync(context, added ? body : Status(409, "AlreadyExists"));
        }
        else if (!_events.TryGetValue($"{ns}/{request.Name}", out var item))
        {
            await RespondAsync(context, Status(404, "NotFound"));
        }
        else
        {
            var copy = item.DeepClone().AsObject();
            if (body["series"] is { } series)
                copy["series"] = series.DeepClone();
            _events[$"{ns}/{request.Name}"] = copy;
            await RespondAsync(context, copy);
        }
    }

    private static Task RespondAsync(HttpContext context, JsonObject json)
    {
        context.Response.StatusCode = json["code"]?.GetValue<int>() ?? 200;
        return context.Response.WriteAsJsonAsync(json);
    }

    private static JsonObject Status(int code, string reason) => new() { ["kind"] = "Status", ["code"] = code, ["reason"] = reason, ["message"] = "no" };
}
