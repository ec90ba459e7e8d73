using IngressController.Kubernetes.Client;

namespace IngressController.Events;

/// <summary>The kinds of failed writes of Events.</summary>
internal enum EventFailureKind
{
    /// <summary>The API server cannot be reached or accepts no requests; other Events would also fail.</summary>
    Connection,

    /// <summary>The API server failed to process this Event.</summary>
    Server,

    /// <summary>The namespace is deleted or terminating, and the object with it.</summary>
    NamespaceGone,

    Forbidden,

    /// <summary>The API server rejects this Event permanently.</summary>
    Refused,
}

/// <summary>A failed write of an Event.</summary>
/// <param name="Kind">The kind of failure.</param>
/// <param name="Message">The text for the log.</param>
/// <param name="RetryAfter">The delay that the API server asked for; null for none.</param>
internal sealed record EventFailure(EventFailureKind Kind, string Message, TimeSpan? RetryAfter)
{
    /// <summary>True if a retry would fail, too.</summary>
    public bool IsFinal => Kind is EventFailureKind.NamespaceGone or EventFailureKind.Forbidden or EventFailureKind.Refused;

    public static EventFailure Of(Exception error) => error is ApiServerException response
        ? new(KindOf(response), response.Message, response.RetryAfter)
        : new(EventFailureKind.Connection, error.Message, null);

    private static EventFailureKind KindOf(ApiServerException error) => error switch
    {
        { IsTooManyRequests: true } or { IsUnauthorized: true } => EventFailureKind.Connection,
        { IsForbidden: true } when IsTerminating(error) => EventFailureKind.NamespaceGone,
        { IsForbidden: true } => EventFailureKind.Forbidden,
        { IsNotFound: true } => EventFailureKind.NamespaceGone,
        { IsServerError: true } or { IsConflict: true } => EventFailureKind.Server,
        _ => EventFailureKind.Refused,
    };

    private static bool IsTerminating(ApiServerException error) =>
        error.Status?.Details?.Causes?.Any(cause => cause.Reason == "NamespaceTerminating") == true
        || error.Status?.Message?.Contains("because it is being terminated", StringComparison.Ordinal) == true;
}
