namespace IngressController.Proxy;

/// <summary>Why a request is not forwarded, as the client is told.</summary>
/// <param name="Status">The status.</param>
/// <param name="Title">Its name.</param>
/// <param name="Detail">What happened; one clause that says nothing of the cluster.</param>
internal sealed record Refusal(int Status, string Title, string Detail)
{
    /// <summary>Whether nothing more can be read from this connection.</summary>
    public bool ClosesConnection { get; init; }

    public static Refusal NoConfiguration { get; } = Unavailable("the proxy has no configuration yet");

    public static Refusal NoBackend { get; } = Unavailable("this route has no usable backend");

    public static Refusal NoEndpoint { get; } = Unavailable("no endpoint is ready");

    /// <summary>Which route it is cannot be known, so none is taken.</summary>
    public static Refusal MatchTooLong { get; } = Unavailable("matching the path took too long");

    public static Refusal RewriteTooLong { get; } = Unavailable("rewriting the path took too long");

    public static Refusal Closed { get; } = Unavailable("this route is unavailable because of its configuration");

    public static Refusal NoRoute { get; } = new(StatusCodes.Status404NotFound, "Not Found", "no route matches this host and path");

    public static Refusal TunnelUnknown { get; } = new(StatusCodes.Status501NotImplemented, "Not Implemented", "only WebSocket tunnels are supported");

    public static Refusal Loop { get; } = new(
        StatusCodes.Status508LoopDetected, "Loop Detected", "the request came back to the proxy that forwarded it");

    public static Refusal BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "Bad Request", detail);

    private static Refusal Unavailable(string detail) => new(StatusCodes.Status503ServiceUnavailable, "Service Unavailable", detail);
}
