using IngressController.Kubernetes.Client;

namespace IngressController.Events;

/// <summary>Why an Event could not be written, and what follows from that.</summary>
/// <param name="What">The kind of trouble.</param>
/// <param name="Message">For the log.</param>
/// <param name="RetryAfter">When the API server wants to be asked again; null when it did not say.</param>
internal sealed record EventFailure(EventFailure.Kind What, string Message, TimeSpan? RetryAfter)
{
    internal enum Kind
    {
        /// <summary>The API server cannot be reached or takes no more requests; other Events would fare the same.</summary>
        Connection,

        /// <summary>The API server has trouble with this one.</summary>
        Server,

        /// <summary>The namespace is being deleted or gone, and the object with it.</summary>
        NamespaceGone,

        Forbidden,

        /// <summary>The API server does not take this Event, now or later.</summary>
        Refused,
    }

    /// <summary>Whether trying again is of no use.</summary>
    public bool IsFinal => What is Kind.NamespaceGone or Kind.Forbidden or Kind.Refused;

    public static EventFailure Of(Exception error) =>
        error is ApiServerException refusal ? new(KindOf(refusal), refusal.Message, refusal.RetryAfter) : new(Kind.Connection, error.Message, null);

    private static Kind KindOf(ApiServerException error) => error switch
    {
        { IsTooManyRequests: true } or { IsUnauthorized: true } => Kind.Connection,
        { IsForbidden: true } when IsTerminating(error) => Kind.NamespaceGone,
        { IsForbidden: true } => Kind.Forbidden,
        { IsNotFound: true } => Kind.NamespaceGone,
        { IsServerError: true } or { IsConflict: true } => Kind.Server,
        _ => Kind.Refused,
    };

    private static bool IsTerminating(ApiServerException error) =>
        error.Status?.Details?.Causes?.Any(cause => cause.Reason == "NamespaceTerminating") == true
        || error.Status?.Message?.Contains("because it is being terminated", StringComparison.Ordinal) == true;
}
