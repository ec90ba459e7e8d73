using System.Buffers;
using System.Text;
using System.Text.Json;
using IngressController.Shutdown;

namespace IngressController.Pipeline;

/// <summary>
/// Writes the responses that the proxy sends itself: a short text, or problem details (RFC 9457) when the client asks for JSON. They say what
/// happened and nothing about the cluster: which Ingress and why is for its owner, in the diagnostics.
/// </summary>
internal sealed class LocalReplies(Drain drain)
{
    public Task WriteAsync(ProxyRequest request, int status, string title, string detail)
    {
        var context = request.Context;
        var response = context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        var asJson = WantsJson(context.Request.Headers.Accept.ToString());
        var body = asJson ? Json(status, title, detail, context.TraceIdentifier) : Encoding.UTF8.GetBytes($"{status} {title}: {detail}\n");
        response.ContentType = asJson ? "application/problem+json" : "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        Change(request);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>Replies with a refusal.</summary>
    public Task RefuseAsync(ProxyRequest request, Refusal refusal)
    {
        var context = request.Context;
        if (refusal.ClosesConnection && !context.Response.HasStarted && !HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return WriteAsync(request, refusal.Status, refusal.Title, refusal.Detail);
    }

    /// <summary>Replies with a status and no body.</summary>
    public Task WriteEmptyAsync(ProxyRequest request, int status)
    {
        var response = request.Context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;
        response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
            response.ContentLength = 0;
        Change(request);
        return Task.CompletedTask;
    }

    /// <summary>Redirects the client.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">301, 302, 303, 307 or 308.</param>
    /// <param name="location">The target; it holds no control characters.</param>
    public Task RedirectAsync(ProxyRequest request, int status, string location)
    {
        if (request.Context.Response.HasStarted)
            return Task.CompletedTask;
        request.Context.Response.Headers.Location = location;
        return WriteEmptyAsync(request, status);
    }

    /// <summary>Applies the response changes of the operator and of the route, as to a backend's response.</summary>
    private void Change(ProxyRequest request)
    {
        foreach (var change in request.Revision.ResponseChanges)
            change.Apply(request, isLocal: true);
        if (request.MatchedRoute is { } route)
        {
            foreach (var change in route.Plan.ResponseChanges)
                change.Apply(request, isLocal: true);
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
