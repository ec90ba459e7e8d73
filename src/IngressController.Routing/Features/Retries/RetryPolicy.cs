using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Retries;

/// <summary>The attempts of a request, if a value is not the default.</summary>
/// <param name="MaxTries">The maximum number of attempts; 0 means no limit but the endpoints and the budget.</param>
public sealed record RetryPolicy(int MaxTries) : RoutePolicy
{
    /// <summary>A request can hold so much of its body until its response comes.</summary>
    internal const int MaxBufferSize = 1 << 20;

    public const int DefaultBufferSize = 64 << 10;

    public static RetryPolicy Default { get; } = new(RetrySettings.DefaultMaxTries);

    /// <summary>The failures after which it is attempted again; null for those after which that is safe.</summary>
    public RetryConditions? Conditions { get; init; }

    /// <summary>True if responses with some statuses are not passed on.</summary>
    internal bool RepeatsStatuses => Conditions is { } conditions && (conditions & RetryConditions.Statuses) != RetryConditions.None;

    /// <summary>The time after which no other attempt begins; zero for no limit.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>The maximum number of bytes of the body that are kept for another attempt.</summary>
    public int BufferSize { get; init; } = DefaultBufferSize;

    /// <summary>True if another attempt waits as long as the endpoint asks for.</summary>
    public bool RespectsRetryAfter { get; init; }
}
