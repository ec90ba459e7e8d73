using IngressController.Overload;

namespace IngressController.Shutdown;

/// <summary>The state of the shutdown, for the parts that still serve. <see cref="DrainService"/> advances it.</summary>
internal sealed class Drain(OverloadActions? overload = null)
{
    private volatile bool _hasBegun;
    private volatile bool _isOver;
    private volatile bool _skipsDelay;
    private int _abortedRequests;

    /// <summary>True after the shutdown has begun. The replica is not ready from then on.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>True after the grace period has ended. Requests in flight are aborted then.</summary>
    public bool IsOver => _isOver;

    /// <summary>
    /// True if the shutdown delay is skipped, because the shutdown was requested at a terminal and no load balancer has to notice.
    /// </summary>
    public bool SkipsDelay => _skipsDelay;

    /// <summary>Number of requests that were aborted.</summary>
    public int AbortedRequests => Volatile.Read(ref _abortedRequests);

    public void Begin() => _hasBegun = true;

    public void End() => _isOver = true;

    public void SkipDelay() => _skipsDelay = true;

    public void CountAborted() => Interlocked.Increment(ref _abortedRequests);

    /// <summary>
    /// Marks a response that has not started, so that the client sends its next request on a new connection, which leads to another
    /// replica. The same happens if the process is short of memory or connections. Otherwise it only reads two fields.
    /// </summary>
    public void Announce(HttpContext context)
    {
        if (_hasBegun || overload?.StopKeepAlive.IsActive == true)
            MarkResponse(context);
    }

    private static void MarkResponse(HttpContext context)
    {
        // HTTP/2 has no Connection header (RFC 9113, 8.2.2). Connections that were open when the drain began already have a GOAWAY, which
        // is sent once.
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Features.Get<Http2Client>()?.SendGoAway();
        // After a 101 the protocol is not HTTP, and its Connection header must stay Upgrade.
        else if (context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols && !context.Response.HasStarted)
            context.Response.Headers.Connection = "close";
    }
}
