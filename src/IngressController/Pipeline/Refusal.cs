using IngressController.Http2;

namespace IngressController.Pipeline;

/// <summary>The local reply to a request that is not forwarded.</summary>
/// <param name="Status">The status.</param>
/// <param name="Title">The name of the status.</param>
/// <param name="Detail">One clause with the reason, without facts about the cluster.</param>
internal sealed record Refusal(int Status, string Title, string Detail)
{
    /// <summary>True if the HTTP/1.1 connection must be closed after the reply.</summary>
    public bool ClosesConnection { get; init; }

    /// <summary>True if the backend is the cause: an error page may change the status. What the proxy decides never changes.</summary>
    public bool IsOfBackend { get; init; }

    /// <summary>The value of the Allow header; null for none.</summary>
    public string? Allow { get; init; }

    /// <summary>The reply to a health check of a load balancer.</summary>
    public static Refusal Healthy { get; } = new(StatusCodes.Status200OK, "OK", "the proxy serves requests");

    /// <summary>The reply to a health check during the shutdown, so that the load balancer removes the replica.</summary>
    public static Refusal ShuttingDown { get; } = Unavailable("the proxy is shutting down");

    public static Refusal NoConfiguration { get; } = Unavailable("the proxy has no configuration yet");

    public static Refusal NoBackend { get; } = Unavailable("this route has no usable backend") with { IsOfBackend = true };

    public static Refusal NoEndpoint { get; } = Unavailable("no endpoint is ready") with { IsOfBackend = true };

    /// <summary>The process has no memory to spare. Sent with Retry-After.</summary>
    public static Refusal Overloaded { get; } = Unavailable("the proxy is overloaded");

    /// <summary>Matching timed out, so the route is unknown.</summary>
    public static Refusal MatchTimedOut { get; } = Unavailable("matching the path took too long");

    public static Refusal CapturesTimedOut { get; } = Unavailable("matching the path took too long");

    public static Refusal Closed { get; } = Unavailable("this route is unavailable because of its configuration");

    public static Refusal NoRoute { get; } = new(StatusCodes.Status404NotFound, "Not Found", "no route matches this host and path");

    public static Refusal UnsupportedTunnel { get; } = new(StatusCodes.Status501NotImplemented, "Not Implemented", "only WebSocket tunnels are supported");

    /// <summary>TRACE makes a backend repeat a request with its credentials.</summary>
    public static Refusal Trace { get; } = new(StatusCodes.Status405MethodNotAllowed, "Method Not Allowed", "TRACE is not allowed")
    {
        Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    };

    public static Refusal Loop { get; } = new(
        StatusCodes.Status508LoopDetected, "Loop Detected", "the request came back to the proxy that forwarded it");

    public static Refusal BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "Bad Request", detail);

    /// <summary>The refusal of a malformed request of HTTP/2.</summary>
    public static Refusal Malformed(RequestProblem problem) => problem == RequestProblem.TooLarge
        ? new(StatusCodes.Status431RequestHeaderFieldsTooLarge, "Request Header Fields Too Large", problem.Explain())
        : BadRequest(problem.Explain());

    private static Refusal Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, "Service Unavailable", detail);
}

/// <summary>Thrown if a step refuses the body of a request while it is read.</summary>
internal sealed class RefusedBodyException(Refusal refusal) : BadHttpRequestException(refusal.Detail, refusal.Status)
{
    public Refusal Refusal => refusal;

    /// <summary>The refusal that caused an error; null if it has another cause.</summary>
    public static Refusal? Find(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is RefusedBodyException refused)
                return refused.Refusal;
        }

        return null;
    }
}
