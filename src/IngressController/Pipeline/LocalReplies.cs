using System.Buffers;
using System.Text;
using System.Text.Json;
using IngressController.Shutdown;

namespace IngressController.Pipeline;

/// <summary>
/// Writes local replies: a short text, or problem details (RFC 9457) if the client accepts JSON. They contain no facts about the cluster;
/// the diagnostics name the Ingress and the reason.
/// </summary>
internal sealed class LocalReplies(Drain drain)
{
    /// <summary>The media type of the text.</summary>
    public const string TextType = "text/plain; charset=utf-8";

    /// <summary>The text of a local reply.</summary>
    public static byte[] TextOf(int status, string title, string detail) => Encoding.UTF8.GetBytes($"{status} {title}: {detail}\n");

    /// <param name="request">The request.</param>
    /// <param name="status">The status.</param>
    /// <param name="title">The name of the status.</param>
    /// <param name="detail">One clause with the reason, without facts about the cluster.</param>
    /// <param name="isOfBackend">True if the backend is the cause: an error page may change the status. What the proxy decides never changes.</param>
    public Task WriteAsync(ProxyRequest request, int status, string title, string detail, bool isOfBackend = false) =>
        request.MatchedRoute?.Plan.ErrorPages is { } pages && !request.Context.Response.HasStarted && pages.ReplacesReply(request, status)
            ? WritePageAsync(request, pages, status, title, detail, isOfBackend)
            : WriteTextAsync(request, status, title, detail);

    private async Task WritePageAsync(ProxyRequest request, ErrorPages pages, int status, string title, string detail, bool isOfBackend)
    {
        if (!await pages.TryWriteAsync(request, status, keepsStatus: !isOfBackend))
            await WriteTextAsync(request, status, title, detail);
    }

    private Task WriteTextAsync(ProxyRequest request, int status, string title, string detail)
    {
        var context = request.Context;
        var response = context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        var asJson = WantsJson(context.Request.Headers.Accept.ToString());
        var body = asJson ? Json(status, title, detail, context.TraceIdentifier) : TextOf(status, title, detail);
        response.ContentType = asJson ? "application/problem+json" : TextType;
        response.ContentLength = body.Length;
        ApplyChanges(request);
        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;
        var write = response.Body.WriteAsync(body);
        return request.Exchange is { } exchange ? exchange.WaitAsync(write, body.Length) : write.AsTask();
    }

    public Task RefuseAsync(ProxyRequest request, Refusal refusal)
    {
        var context = request.Context;
        if (refusal.ClosesConnection && !context.Response.HasStarted && !HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        if (refusal.Allow is { } methods && !context.Response.HasStarted)
            context.Response.Headers.Allow = methods;
        return WriteAsync(request, refusal.Status, refusal.Title, refusal.Detail, refusal.IsOfBackend);
    }

    /// <summary>Replies without a body.</summary>
    public Task WriteEmptyAsync(ProxyRequest request, int status)
    {
        var response = request.Context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;
        response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
            response.ContentLength = 0;
        ApplyChanges(request);
        return Task.CompletedTask;
    }

    /// <summary>Redirects the client.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">301, 302, 303, 307 or 308.</param>
    /// <param name="location">The target, without control characters.</param>
    public Task RedirectAsync(ProxyRequest request, int status, string location)
    {
        if (request.Context.Response.HasStarted)
            return Task.CompletedTask;
        request.Context.Response.Headers.Location = location;
        return WriteEmptyAsync(request, status);
    }

    /// <summary>Applies the response changes of the settings and of the route, as to a backend's response.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isLocal">True for a local reply, false for the response of a Service.</param>
    public void ApplyChanges(ProxyRequest request, bool isLocal = true)
    {
        foreach (var change in request.Revision.ResponseChanges)
            change.Apply(request, isLocal);
        if (request.MatchedRoute is { } route)
        {
            foreach (var change in route.Plan.ResponseChanges)
                change.Apply(request, isLocal);
        }

        drain.Announce(request.Context);
    }

    private static bool WantsJson(string accept) =>
        accept.Contains("application/json", StringComparison.OrdinalIgnoreCase)
        || accept.Contains("application/problem+json", StringComparison.OrdinalIgnoreCase);

    private static byte[] Json(int status, string title, string detail, string requestId)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("status", status);
            writer.WriteString("title", title);
            writer.WriteString("detail", detail);
            writer.WriteString("requestId", requestId);
            writer.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n'];
    }
}
