using System.Net;
using k8s.Autorest;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// An error of the API server, as an HTTP response or as the ERROR event of a watch: the package's exception with the Status decoded. The
/// length of the message is bounded.
/// </summary>
public sealed class ApiServerException : HttpOperationException
{
    private const int MaxMessageLength = 600;

    /// <param name="action">The failed action, for the message: <c>GET /api/v1/services</c>.</param>
    /// <param name="statusCode">The HTTP code, or the code of the ERROR event's Status.</param>
    /// <param name="status">The Status that the server sent, if any.</param>
    /// <param name="excerpt">The beginning of a body that is not a Status, such as that of a proxy on the path.</param>
    /// <param name="retryAfter">The Retry-After header; without it, the value in the Status applies.</param>
    public ApiServerException(string action, HttpStatusCode statusCode, V1Status? status, string? excerpt = null, TimeSpan? retryAfter = null)
        : base(Describe(action, statusCode, status, excerpt))
    {
        StatusCode = statusCode;
        Body = Status = status;
        RetryAfter = retryAfter
            ?? (status?.Details?.RetryAfterSeconds is > 0 and { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }

    public HttpStatusCode StatusCode { get; }

    public V1Status? Status { get; }

    /// <summary>The machine-readable reason, for example <c>Expired</c>; null if the response was not a Status.</summary>
    public string? Reason => Status?.Reason;

    /// <summary>The time that the server asks to wait; null if it does not ask.</summary>
    public TimeSpan? RetryAfter { get; }

    public bool IsNotFound => Is(HttpStatusCode.NotFound, "NotFound");

    public bool IsUnauthorized => StatusCode == HttpStatusCode.Unauthorized || Reason == "Unauthorized";

    public bool IsForbidden => Is(HttpStatusCode.Forbidden, "Forbidden");

    public bool IsConflict => Is(HttpStatusCode.Conflict, "Conflict");

    /// <summary>True if an object of that name exists. Also a 409, distinguished only by its reason.</summary>
    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>True if the resource version or continue token is too old: relist.</summary>
    public bool IsExpired => StatusCode == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    public bool IsTooManyRequests => Is(HttpStatusCode.TooManyRequests, "TooManyRequests");

    public bool IsTimeout => Is(HttpStatusCode.GatewayTimeout, "Timeout") || Reason == "ServerTimeout";

    public bool IsInternalError => Is(HttpStatusCode.InternalServerError, "InternalError");

    /// <summary>True for any 5xx: a fault of the server, not of the request.</summary>
    public bool IsServerError => (int)StatusCode is >= 500 and < 600;

    /// <summary>
    /// True if the server has not seen that version yet, as after a restore from a backup. Kubernetes 1.18 and older report it only in the
    /// message.
    /// </summary>
    public bool IsTooLargeResourceVersion =>
        IsTimeout
        && (Status?.Details?.Causes?.Any(cause => cause.Reason == "ResourceVersionTooLarge") == true
            || Status?.Message?.Contains("Too large resource version", StringComparison.Ordinal) == true);

    /// <summary>True if the reason matches, or the code if there is no reason, as from a proxy on the path.</summary>
    private bool Is(HttpStatusCode code, string reason) => string.IsNullOrEmpty(Reason) ? StatusCode == code : Reason == reason;

    private static string Describe(string action, HttpStatusCode statusCode, V1Status? status, string? excerpt)
    {
        var detail = status?.Message ?? excerpt;
        var text = $"{action}: {(int)statusCode} {status?.Reason ?? statusCode.ToString()}{(string.IsNullOrEmpty(detail) ? "" : $": {detail}")}";
        return text.Length <= MaxMessageLength ? text : text[..MaxMessageLength] + "...";
    }
}
