using System.Buffers;
using System.Text;
using System.Text.Json;
using IngressController.Features.Headers;
using IngressController.Shutdown;

namespace IngressController.Proxy;

/// <summary>
/// The answers the proxy gives itself: a short text, or problem details (RFC 9457) when the client asks for JSON. They say what
/// happened and nothing of the cluster: which Ingress and why is for its owner, in the diagnostics.
/// </summary>
internal sealed class OwnAnswers(GlobalHeaders headers, Drain drain)
{
    public Task WriteAsync(HttpContext context, int status, string title, string detail)
    {
        var response = context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        var asJson = WantsJson(context.Request.Headers.Accept.ToString());
        var body = asJson ? Json(status, title, detail, context.TraceIdentifier) : Encoding.UTF8.GetBytes($"{status} {title}: {detail}\n");
        response.ContentType = asJson ? "application/problem+json" : "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        Change(context);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }

    /// <summary>Says why a request is not forwarded.</summary>
    public Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.ClosesConnection && !context.Response.HasStarted)
            context.Response.Headers.Connection = "close";
        return WriteAsync(context, refusal.Status, refusal.Title, refusal.Detail);
    }

    /// <summary>Answers with a status and no body, as 204 does.</summary>
    public Task WriteEmptyAsync(HttpContext context, int status)
    {
        if (context.Response.HasStarted)
            return Task.CompletedTask;
        context.Response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
            context.Response.ContentLength = 0;
        Change(context);
        return Task.CompletedTask;
    }

    /// <summary>Sends the client elsewhere.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">301, 302, 303, 307 or 308.</param>
    /// <param name="location">Where; it holds no control characters.</param>
    public Task RedirectAsync(HttpContext context, int status, string location)
    {
        if (context.Response.HasStarted)
            return Task.CompletedTask;
        context.Response.Headers.Location = location;
        return WriteEmptyAsync(context, status);
    }

    /// <summary>What the operator and the route want of every response, they want of this one too.</summary>
    private void Change(HttpContext context)
    {
        headers.ChangeResponse(context, isOwn: true);
        if (context.GetEndpoint() is ProxyRoute route)
        {
            foreach (var change in route.Plan.ResponseChanges)
                change.Apply(context, route, isOwn: true);
        }

        drain.Announce(context);
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
