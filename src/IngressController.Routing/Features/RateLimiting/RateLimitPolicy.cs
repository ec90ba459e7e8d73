using IngressController.Routing.Table;

namespace IngressController.Routing.Features.RateLimiting;

/// <summary>The rate limits of a route.</summary>
/// <param name="Rules">In order of evaluation: the first that has no permit left answers the request.</param>
public sealed record RateLimitPolicy(EquatableArray<RateLimitRule> Rules) : RoutePolicy;

/// <summary>One rate limit: how many requests of which clients pass, and what the others are answered.</summary>
public sealed record RateLimitRule
{
    /// <summary>What it is called in response headers, metrics and <c>explain</c>, for example <c>limit-rps</c>. Unique in its Ingress.</summary>
    public required string Name { get; init; }

    public required RateLimitAlgorithmKind Algorithm { get; init; }

    /// <summary>Requests per <see cref="Window"/>; for <see cref="RateLimitAlgorithmKind.Concurrency"/>, requests at the same time. At least 1.</summary>
    public required int Limit { get; init; }

    /// <summary>What <see cref="Limit"/> is per. Without meaning for <see cref="RateLimitAlgorithmKind.Concurrency"/>.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For <see cref="RateLimitAlgorithmKind.LeakyBucket"/>, how many requests may come too early; for
    /// <see cref="RateLimitAlgorithmKind.TokenBucket"/>, the size of the bucket, 0 for <see cref="Limit"/>. The others have no burst.
    /// </summary>
    public int Burst { get; init; }

    /// <summary>How many requests of a key may wait for a permit. 0 for none: they are refused at once.</summary>
    public int Queue { get; init; }

    /// <summary>The status that refused requests are answered with.</summary>
    public int Status { get; init; } = 429;

    public RateLimitScope Scope { get; init; }

    /// <summary>Whether requests over the limit are only counted, and pass.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether responses tell the limit (<c>RateLimit</c>, <c>RateLimit-Policy</c>). ingress-nginx's own limits do not.</summary>
    public bool SendsHeaders { get; init; }

    /// <summary>Which requests share a count: those that agree in all of these.</summary>
    public EquatableArray<RateLimitKeyPart> Key { get; init; } = [RateLimitKeyPart.ClientIp];

    /// <summary>Clients that the rule does not concern.</summary>
    public IpNetworkSet Exempt { get; init; } = IpNetworkSet.Empty;
}

/// <summary>How requests are counted.</summary>
public enum RateLimitAlgorithmKind
{
    /// <summary>nginx's <c>limit_req</c> with <c>burst</c> and <c>nodelay</c>.</summary>
    LeakyBucket,

    /// <summary>A bucket of tokens that is refilled without pause; each request takes one.</summary>
    TokenBucket,

    /// <summary>The requests of the last window, estimated from the current window and the weighted one before.</summary>
    SlidingWindow,

    /// <summary>The requests since the window began, which it does with the first request of a key.</summary>
    FixedWindow,

    /// <summary>The requests in progress.</summary>
    Concurrency,
}

/// <summary>Whom a limit is for.</summary>
public enum RateLimitScope
{
    /// <summary>Each replica of the controller grants the limit.</summary>
    Replica,

    /// <summary>The limit is divided by the number of ready replicas.</summary>
    Cluster,
}

/// <summary>A part of a request by which requests are told apart.</summary>
/// <param name="Kind">Which part.</param>
/// <param name="Name">The name of the header, cookie or query parameter; empty for the other kinds.</param>
public readonly record struct RateLimitKeyPart(RateLimitKeyKind Kind, string Name = "")
{
    public static RateLimitKeyPart ClientIp => new(RateLimitKeyKind.ClientIp);

    public override string ToString() => Kind switch
    {
        RateLimitKeyKind.ClientIp => "client-ip",
        RateLimitKeyKind.Header => $"header:{Name}",
        RateLimitKeyKind.Cookie => $"cookie:{Name}",
        RateLimitKeyKind.Query => $"query:{Name}",
        RateLimitKeyKind.Host => "host",
        RateLimitKeyKind.Path => "path",
        _ => throw new InvalidOperationException($"no text for {Kind}"),
    };
}

/// <summary>The kinds of <see cref="RateLimitKeyPart"/>.</summary>
public enum RateLimitKeyKind
{
    /// <summary>The client's address; of IPv6 the first 64 bits, which one client has to itself.</summary>
    ClientIp,

    Header,

    Cookie,

    Query,

    Host,

    Path,
}
