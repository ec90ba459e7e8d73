namespace IngressController.Http;

/// <summary>
/// Ends requests that come back again and again: an endpoint can lead to this proxy, by mistake or on purpose, and each round costs
/// connections. CDN-Loop (RFC 8586) is the header that nobody on the way may take away. Who forges it only stops their own request.
/// </summary>
internal static class LoopGuard
{
    public const string Header = "CDN-Loop";

    /// <summary>What is added to each request.</summary>
    public const string Mark = "yarp-ingress";

    /// <summary>
    /// How many rounds a request may make. One or two have a reason, as when a gateway behind one host sends on to another host of the
    /// same proxy; a loop has no end.
    /// </summary>
    private const int MaxRounds = 10;

    /// <summary>Whether a request has been through proxies of this kind more often than any request needs.</summary>
    public static bool IsLoop(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out var values))
            return false;
        var rounds = 0;
        foreach (var value in values)
            rounds += value.AsSpan().Count(Mark);
        return rounds > MaxRounds;
    }
}
