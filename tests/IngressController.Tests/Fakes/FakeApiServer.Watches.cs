using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Fakes;

/// <content>Watches.</content>
public sealed partial class FakeApiServer
{
    private readonly List<Watcher> _watchers = [];

    /// <summary>Returns the number of open watches, of one resource if a plural name is given.</summary>
    public int OpenWatches(string? plural = null)
    {
        lock (_lock)
            return _watchers.Count(watcher => watcher.IsOf(plural));
    }

    /// <summary>Ends open watches as a server does at their timeout.</summary>
    public void EndWatches(string? plural = null) => Command(plural, watcher => watcher.Output.TryComplete());

    /// <summary>Sends the first half of an event, then cuts the connection.</summary>
    public void CutWatches(string? plural = null) =>
        Command(plural, watcher => watcher.Output.TryComplete(new CutException("{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"x"u8.ToArray())));

    /// <summary>Keeps watches open without sending anything, as if a firewall had dropped the connection.</summary>
    public void HangWatches(string? plural = null) => Command(plural, watcher => watcher.IsHung = true);

    public void SendBookmarks(string? plural = null) => Command(plural, watcher => watcher.Bookmark(_version, endsInitialEvents: false));

    /// <summary>Sends an ERROR event and ends the watches.</summary>
    public void FailWatches(int code, string reason, string? plural = null) => Command(plural, watcher =>
    {
        watcher.Send("ERROR", Status(code, reason, $"fault {code}"));
        watcher.Output.TryComplete();
    });

    /// <summary>Sends bytes unchanged.</summary>
    public void SendRaw(byte[] bytes, string? plural = null) => Command(plural, watcher => watcher.Output.TryWrite(bytes));

    private void Command(string? plural, Action<Watcher> action)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.IsOf(plural)))
                action(watcher);
        }
    }

    private async Task WatchAsync(HttpContext context, FakeApiRequest request, Collection collection)
    {
        if (request.IsWatchList && !SupportsWatchList)
        {
            await WriteStatusAsync(context, Status(422, "Invalid", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch"));
            return;
        }

        var watcher = new Watcher(collection);
        JsonObject? refusal;
        lock (_lock)
        {
            refusal = Begin(watcher, request);
            if (refusal is null)
                _watchers.Add(watcher);
        }

        if (refusal is not null)
        {
            await WriteStatusAsync(context, refusal);
            return;
        }

        try
        {
            await RunAsync(context, watcher, TimeSpan.FromSeconds(int.Parse(request.Query["timeoutSeconds"], CultureInfo.InvariantCulture)));
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(watcher);
            Changed();
        }
    }

    /// <summary>Adds the first events of a watch; returns a Status if the watch is rejected.</summary>
    private JsonObject? Begin(Watcher watcher, FakeApiRequest request)
    {
        var from = request.ResourceVersion is null or "" or "0" ? (long?)null : long.Parse(request.ResourceVersion, CultureInfo.InvariantCulture);
        if (TooLarge(request) is { } tooLarge)
            return tooLarge;
        if (from is null || request.IsWatchList)
        {
            foreach (var item in ObjectsOf(watcher.Collection.Resource).Values)
                watcher.Offer(new StoredEvent(_version, watcher.Collection.Resource, "ADDED", item));
            if (request.IsWatchList && EndsInitialEvents)
                watcher.Bookmark(_version, endsInitialEvents: true);
            return null;
        }

        if (from < _compactedTo)
        {
            var expired = Status(410, "Expired", $"too old resource version: {from} ({_compactedTo})");
            if (ExpiresByStatusCode)
                return expired;
            watcher.Send("ERROR", expired);
            watcher.Output.TryComplete();
            return null;
        }

        foreach (var stored in _history.Where(stored => stored.Version > from))
            watcher.Offer(stored);
        return null;
    }

    private async Task RunAsync(HttpContext context, Watcher watcher, TimeSpan timeout)
    {
        using var timer = new CancellationTokenSource(timeout);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.RequestAborted);
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(end.Token);
        await context.Response.Body.FlushAsync(end.Token);
        Changed();
        try
        {
            await foreach (var bytes in watcher.Lines.ReadAllAsync(end.Token))
            {
                if (!watcher.IsHung)
                    await WritePiecesAsync(context, bytes);
            }
        }
        catch (CutException cut)
        {
            await WritePiecesAsync(context, cut.Rest);
            context.Abort();
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // timeoutSeconds: the stream ends normally.
        }
    }

    private sealed class CutException(byte[] rest) : Exception
    {
        public byte[] Rest { get; } = rest;
    }

    private sealed class Watcher(Collection collection)
    {
        private readonly Channel<byte[]> _lines = Channel.CreateUnbounded<byte[]>();

        public Collection Collection { get; } = collection;

        public bool IsHung { get; set; }

        public ChannelWriter<byte[]> Output => _lines.Writer;

        public ChannelReader<byte[]> Lines => _lines.Reader;

        public bool IsOf(string? plural) => plural is null || Collection.Resource.EndsWith("/" + plural, StringComparison.Ordinal);

        public void Offer(StoredEvent stored)
        {
            if (Collection.Has(stored.Resource, stored.Object))
                Send(stored.Type, Collection.Cut(stored.Object));
        }

        public void Bookmark(long version, bool endsInitialEvents)
        {
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (endsInitialEvents)
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            Send("BOOKMARK", new JsonObject { ["kind"] = "Any", ["apiVersion"] = "v1", ["metadata"] = metadata });
        }

        public void Send(string type, JsonObject item)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = type, ["object"] = item.DeepClone() });
            _lines.Writer.TryWrite([.. line, (byte)'\n']);
        }
    }
}
