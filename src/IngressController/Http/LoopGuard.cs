namespace IngressController.Http;

/// <summary>
/// Detects request loops: an endpoint can lead back to the proxy, by mistake or on purpose, and each round costs connections. Counts rounds
/// in CDN-Loop (RFC 8586), which no proxy on the way may remove. A client that forges it only stops its own request.
/// </summary>
internal static class LoopGuard
{
    public const string Header = "CDN-Loop";

    /// <summary>The cdn-id that is added to each request.</summary>
    public const string CdnId = "yarp-ingress";

    /// <summary>
    /// The maximum number of rounds. One or two are legitimate: a gateway behind one host can forward to another host of the same proxy.
    /// </summary>
    private const int MaxRounds = 10;

    /// <summary>True if a request has passed proxies of this kind more than <see cref="MaxRounds"/> times.</summary>
    public static bool IsLoop(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out var values))
            return false;
        var rounds = 0;
        foreach (var value in values)
            rounds += value.AsSpan().Count(CdnId);
        return rounds > MaxRounds;
    }
}
