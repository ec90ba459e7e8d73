using IngressController.Http;

namespace IngressController.Pipeline;

/// <summary>The attempts of requests of a route.</summary>
/// <param name="MaxTries">The maximum number of attempts.</param>
internal sealed record RetryRules(int MaxTries)
{
    /// <summary>As in ingress-nginx.</summary>
    private const int DefaultMaxTries = 3;

    /// <summary>The rules of routes without any.</summary>
    public static RetryRules Default { get; } = new(DefaultMaxTries) { OnErrors = true, OnTimeouts = true };

    /// <summary>True if the route names failures, so that requests that may have been processed are repeated as well.</summary>
    public bool IsExplicit { get; init; }

    /// <summary>True if failed connections are such a failure.</summary>
    public bool OnErrors { get; init; }

    /// <summary>True if time-outs are such a failure.</summary>
    public bool OnTimeouts { get; init; }

    /// <summary>True if an invalid head of a response is such a failure.</summary>
    public bool OnInvalidHeads { get; init; }

    /// <summary>The statuses of responses that are such a failure.</summary>
    public EquatableArray<int> Statuses { get; init; } = [];

    /// <summary>True if the method does not matter.</summary>
    public bool RepeatsAnyMethod { get; init; }

    /// <summary>The time after which no other attempt begins; zero for no limit.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The maximum number of bytes of a body that are kept.</summary>
    public int BufferSize { get; init; } = ReplayableBody.DefaultMaxKept;

    /// <summary>True if an attempt waits for as long as a response asks for.</summary>
    public bool RespectsRetryAfter { get; init; }

    /// <summary>True if a request that an endpoint may have processed can be sent again.</summary>
    public bool MayRepeat(string method) => RepeatsAnyMethod || IdempotentMethods.Contains(method);
}

/// <summary>Decides on the head of a response whether it is passed on, or the request is attempted again.</summary>
internal abstract class ResponseGate
{
    /// <summary>True if the response is not passed on: another attempt follows.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="retryAfter">Its field Retry-After; null if it has none.</param>
    public abstract bool Refuses(int status, Func<string?> retryAfter);
}
