using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Leadership;
using k8s;
using k8s.Models;

namespace IngressController.Status;

/// <summary>The result of a write. The names are values of a metric label.</summary>
internal enum StatusResult
{
    Written,

    /// <summary>The Ingress does not exist any more.</summary>
    Gone,

    /// <summary>The Ingress has a newer version, which the watch will deliver.</summary>
    Conflict,

    /// <summary>The server is overloaded.</summary>
    Throttled,

    /// <summary>The status of Ingresses in this namespace may not be written.</summary>
    Forbidden,

    /// <summary>The server rejects this status.</summary>
    Refused,

    /// <summary>The server failed or cannot be reached. The status may have been written.</summary>
    Failed,

    /// <summary>Nothing was sent, because this replica no longer leads.</summary>
    NotLeader,
}

/// <param name="Result">The result.</param>
/// <param name="Ingress">The Ingress after the write; null when it was not written.</param>
/// <param name="Error">The exception; null when the status was written or nothing was sent.</param>
internal sealed record StatusResponse(StatusResult Result, V1Ingress? Ingress = null, Exception? Error = null)
{
    public TimeSpan? RetryAfter => (Error as ApiServerException)?.RetryAfter;

    /// <summary>True if the failure concerns the server as a whole and not this Ingress.</summary>
    public bool ConcernsServer =>
        RetryAfter is not null || Result == StatusResult.Throttled || (Result == StatusResult.Failed && Error is not (ApiServerException or System.Text.Json.JsonException));

    public string Reason => (Error as ApiServerException)?.Status?.Message ?? Error?.Message ?? "";
}

/// <summary>Writes the status of an Ingress, without retries.</summary>
internal sealed class StatusClient(LeaderClient client, IngressOptions options, StatusMetrics metrics)
{
    private readonly string _fieldManager = StatusPlan.FieldManagerOf(options.Translation.ControllerClass);

    public async Task<StatusResponse> WriteAsync(StatusChange change, CancellationToken cancellation)
    {
        StatusResponse response;
        try
        {
            response = new(StatusResult.Written, await client.Kubernetes.NetworkingV1.PatchNamespacedIngressStatusAsync(
                StatusPatch.Of(change), ObjectCalls.PathSegment(change.Name.Name), ObjectCalls.PathSegment(change.Name.Namespace),
                fieldManager: _fieldManager, cancellationToken: cancellation));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new StatusResponse(StatusResult.NotLeader);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            response = new(ResultOf(error), Error: error);
        }

        metrics.Count(response.Result.ToString().ToLowerInvariant());
        return response;
    }

    private static StatusResult ResultOf(Exception error) => error switch
    {
        ApiServerException { IsNotFound: true } => StatusResult.Gone,
        ApiServerException { IsConflict: true } => StatusResult.Conflict,
        ApiServerException { IsTooManyRequests: true } => StatusResult.Throttled,
        // An admission policy rejects a single object with the same status code that RBAC uses for all.
        ApiServerException { IsForbidden: true } refused =>
            refused.Status?.Message?.Contains("denied the request", StringComparison.Ordinal) == true ? StatusResult.Refused : StatusResult.Forbidden,
        ApiServerException { IsUnauthorized: false, IsTimeout: false, StatusCode: >= System.Net.HttpStatusCode.BadRequest and < System.Net.HttpStatusCode.InternalServerError } =>
            StatusResult.Refused,
        _ => StatusResult.Failed,
    };
}
