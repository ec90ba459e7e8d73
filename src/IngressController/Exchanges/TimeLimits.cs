namespace IngressController.Exchanges;

/// <summary>The time limits of requests of a route, if it has limits of its own.</summary>
/// <param name="Connect">For a connection to an endpoint.</param>
/// <param name="Read">Between two reads from an endpoint.</param>
/// <param name="Send">Between two writes to an endpoint.</param>
internal sealed record TimeLimits(TimeSpan Connect, TimeSpan Read, TimeSpan Send)
{
    private readonly TimeLimits? _streams;

    /// <summary>For an attempt until the head of the response; null for none.</summary>
    public TimeSpan? PerTry { get; init; }

    /// <summary>For a request in total; null for none.</summary>
    public TimeSpan? Total { get; init; }

    /// <summary>The limits of WebSockets and gRPC calls.</summary>
    public TimeLimits ForStreams => _streams ?? this;

    /// <summary>True if a request needs a timer, whichever way it takes.</summary>
    public bool HasDeadline => PerTry is not null || Total is not null;

    /// <summary>Returns these limits, with an idle time for WebSockets and gRPC calls.</summary>
    public TimeLimits WithStreams(TimeSpan? idle) => idle is { } time ? new(this, this with { Read = time, Send = time }) : this;

    /// <summary>The limits of a request, which may be a gRPC call.</summary>
    public TimeLimits For(HttpRequest request) =>
        _streams is not null && request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? _streams : this;

    private TimeLimits(TimeLimits limits, TimeLimits streams)
        : this(limits) => _streams = streams;
}
