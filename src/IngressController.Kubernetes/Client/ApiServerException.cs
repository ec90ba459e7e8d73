using System.Net;
using k8s.Autorest;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// The API server's refusal, as an HTTP answer or as a watch's ERROR event: the package's exception with the Status read. The message is
/// bounded, whatever was sent.
/// </summary>
public sealed class ApiServerException : HttpOperationException
{
    private const int MaxMessageLength = 600;

    /// <param name="action">What was tried, for the message: <c>GET /api/v1/services</c>.</param>
    /// <param name="statusCode">The HTTP code, or the code of the ERROR event's Status.</param>
    /// <param name="status">The Status the server sent, if it sent one.</param>
    /// <param name="excerpt">The beginning of a body that is no Status, as a proxy in between sends it.</param>
    /// <param name="retryAfter">The Retry-After header; the Status' own advice is used where there is none.</param>
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

    /// <summary>The machine-readable reason, for example <c>Expired</c>; null where the answer was no Status.</summary>
    public string? Reason => Status?.Reason;

    /// <summary>How long the server asks to wait. Null: it did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    public bool IsNotFound => Is(HttpStatusCode.NotFound, "NotFound");

    public bool IsUnauthorized => StatusCode == HttpStatusCode.Unauthorized || Reason == "Unauthorized";

    public bool IsForbidden => Is(HttpStatusCode.Forbidden, "Forbidden");

    public bool IsConflict => Is(HttpStatusCode.Conflict, "Conflict");

    /// <summary>There is an object of that name. Also a 409, told apart by its reason alone.</summary>
    public bool IsAlreadyExists => Reason == "AlreadyExists";

    /// <summary>The resource version or continue token is too old: list again.</summary>
    public bool IsExpired => StatusCode == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    public bool IsTooManyRequests => Is(HttpStatusCode.TooManyRequests, "TooManyRequests");

    public bool IsTimeout => Is(HttpStatusCode.GatewayTimeout, "Timeout") || Reason == "ServerTimeout";

    public bool IsInternalError => Is(HttpStatusCode.InternalServerError, "InternalError");

    /// <summary>Any 5xx: the server's trouble, not the request's.</summary>
    public bool IsServerError => (int)StatusCode is >= 500 and < 600;

    /// <summary>The server has not seen that version yet, as after a restore from a backup. 1.18 and older say it only in the message.</summary>
    public bool IsTooLargeResourceVersion =>
        IsTimeout
        && (Status?.Details?.Causes?.Any(cause => cause.Reason == "ResourceVersionTooLarge") == true
            || Status?.Message?.Contains("Too large resource version", StringComparison.Ordinal) == true);

    /// <summary>The reason is the more precise of the two; proxies in between know only codes.</summary>
    private bool Is(HttpStatusCode code, string reason) => string.IsNullOrEmpty(Reason) ? StatusCode == code : Reason == reason;

    private static string Describe(string action, HttpStatusCode statusCode, V1Status? status, string? excerpt)
    {
        var detail = status?.Message ?? excerpt;
        var text = $"{action}: {(int)statusCode} {status?.Reason ?? statusCode.ToString()}{(string.IsNullOrEmpty(detail) ? "" : $": {detail}")}";
        return text.Length <= MaxMessageLength ? text : text[..MaxMessageLength] + "...";
    }
}
