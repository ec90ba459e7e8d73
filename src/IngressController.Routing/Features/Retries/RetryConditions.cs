namespace IngressController.Routing.Features.Retries;

/// <summary>The failures after which a request is attempted again.</summary>
[Flags]
public enum RetryConditions
{
    /// <summary>None: each request is attempted once.</summary>
    None = 0,

    /// <summary>The connection failed, before the request was sent or before the response came.</summary>
    Error = 1,

    /// <summary>No connection, or no response, in time.</summary>
    Timeout = 2,

    /// <summary>The head of the response is invalid.</summary>
    InvalidHeader = 4,

    Http403 = 8,

    Http404 = 16,

    Http429 = 32,

    Http500 = 64,

    Http502 = 128,

    Http503 = 256,

    Http504 = 512,

    /// <summary>Requests that are not idempotent, too, although the endpoint may have processed them.</summary>
    NonIdempotent = 1024,

    /// <summary>All statuses.</summary>
    Statuses = Http403 | Http404 | Http429 | Http500 | Http502 | Http503 | Http504,
}
