using IngressController.Routing.Table;

namespace IngressController.Routing.Features.RateLimiting;

/// <summary>The rate limits of a route.</summary>
/// <param name="Rules">In order of evaluation: the first without a permit answers the request.</param>
public sealed record RateLimitPolicy(EquatableArray<RateLimitRule> Rules) : RoutePolicy;

/// <summary>One rate limit.</summary>
public sealed record RateLimitRule
{
    /// <summary>The name in response headers, metrics and <c>explain</c>, for example <c>limit-rps</c>. Unique in its Ingress.</summary>
    public required string Name { get; init; }

    public required RateLimitAlgorithmKind Algorithm { get; init; }

    /// <summary>
    /// Requests per <see cref="Window"/>; for <see cref="RateLimitAlgorithmKind.Concurrency"/>, requests at the same time. At least 1.
    /// </summary>
    public required int Limit { get; init; }

    /// <summary>The period of <see cref="Limit"/>; unused for <see cref="RateLimitAlgorithmKind.Concurrency"/>.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For <see cref="RateLimitAlgorithmKind.LeakyBucket"/>, the number of requests that may come early; for
    /// <see cref="RateLimitAlgorithmKind.TokenBucket"/>, the size of the bucket, 0 for <see cref="Limit"/>. Unused for the others.
    /// </summary>
    public int Burst { get; init; }

    /// <summary>The number of requests of a key that can wait for a permit; 0 refuses them at once.</summary>
    public int Queue { get; init; }

    /// <summary>The status of refused requests.</summary>
    public int Status { get; init; } = 429;

    public RateLimitScope Scope { get; init; }

    /// <summary>True if requests over the limit are counted only, and pass.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>
    /// True if responses report the limit (<c>RateLimit</c>, <c>RateLimit-Policy</c>). ingress-nginx's own limits do not.
    /// </summary>
    public bool SendsHeaders { get; init; }

    /// <summary>The parts of a request that must be equal for requests to share a count.</summary>
    public EquatableArray<RateLimitKeyPart> Key { get; init; } = [RateLimitKeyPart.ClientIp];

    /// <summary>The clients that the rule does not limit.</summary>
    public IpNetworkSet Exempt { get; init; } = IpNetworkSet.Empty;
}

/// <summary>The algorithm of a rate limit.</summary>
public enum RateLimitAlgorithmKind
{
    /// <summary>nginx's <c>limit_req</c> with <c>burst</c> and <c>nodelay</c>.</summary>
    LeakyBucket,

    /// <summary>A bucket of tokens that is refilled continuously; each request takes one.</summary>
    TokenBucket,

    /// <summary>The requests of the last window, estimated from the current window and the weighted previous one.</summary>
    SlidingWindow,

    /// <summary>The requests since the window began, with the first request of a key.</summary>
    FixedWindow,

    /// <summary>The requests in flight.</summary>
    Concurrency,
}

/// <summary>The scope of a limit.</summary>
public enum RateLimitScope
{
    /// <summary>Each replica of the controller grants the limit.</summary>
    Replica,

    /// <summary>The limit is divided by the number of ready replicas.</summary>
    Cluster,
}

/// <summary>A part of a request that limits count by.</summary>
/// <param name="Kind">The part.</param>
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
        RateLimitKeyKind.ApiClient => "api-client",
        _ => throw new InvalidOperationException($"no text for {Kind}"),
    };
}

/// <summary>The kinds of <see cref="RateLimitKeyPart"/>.</summary>
public enum RateLimitKeyKind
{
    /// <summary>The client's address; for IPv6 its first 64 bits, which belong to one client.</summary>
    ClientIp,

    Header,

    Cookie,

    Query,

    Host,

    Path,

    /// <summary>The client of the API key (api-key-secret).</summary>
    ApiClient,
}
