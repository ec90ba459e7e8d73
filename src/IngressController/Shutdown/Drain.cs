namespace IngressController.Shutdown;

/// <summary>How far the end of the process has come, for those who serve meanwhile. <see cref="DrainService"/> moves it on.</summary>
internal sealed class Drain
{
    private volatile bool _hasBegun;
    private volatile bool _isOver;
    private volatile bool _isHurried;
    private int _cutRequests;

    /// <summary>Whether the process has been told to end: it is not ready from then on.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Whether the grace period has ended: what still runs is cut.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether somebody waits for the end at a terminal: no load balancer has to notice.</summary>
    public bool IsHurried => _isHurried;

    /// <summary>How many requests were cut.</summary>
    public int CutRequests => Volatile.Read(ref _cutRequests);

    public void Begin() => _hasBegun = true;

    public void End() => _isOver = true;

    public void Hurry() => _isHurried = true;

    public void RequestCut() => Interlocked.Increment(ref _cutRequests);

    /// <summary>
    /// Tells the client, with a response that is about to go out, to send its next request on another connection, which then leads to
    /// another replica. Outside a drain it costs a look at one field.
    /// </summary>
    public void Announce(HttpContext context)
    {
        if (_hasBegun)
            SayGoodbye(context);
    }

    private static void SayGoodbye(HttpContext context)
    {
        // HTTP/2 has no Connection header (RFC 9113, 8.2.2). Connections that were open when the drain began have been told already.
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Features.Get<Http2Client>()?.Announce();
        // What follows 101 is no HTTP, and its Connection header says Upgrade.
        else if (context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols && !context.Response.HasStarted)
            context.Response.Headers.Connection = "close";
    }
}
