using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Leadership;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Status;

/// <summary>How a write ended.</summary>
internal enum StatusResult
{
    Written,

    /// <summary>There is no such Ingress any more.</summary>
    Gone,

    /// <summary>It is another version by now; the watch tells which.</summary>
    Conflict,

    /// <summary>The server has too much to do.</summary>
    Throttled,

    /// <summary>We may not write the status of any Ingress there.</summary>
    Forbidden,

    /// <summary>The server will not have this status.</summary>
    Refused,

    /// <summary>The server is in trouble or cannot be reached. It may have been written.</summary>
    Failed,

    /// <summary>Nothing was sent: this replica may not lead any more.</summary>
    NotLeader,
}

/// <param name="Result">How it ended.</param>
/// <param name="Ingress">The Ingress after it was written.</param>
/// <param name="Error">Why it was not written.</param>
internal sealed record StatusAnswer(StatusResult Result, V1Ingress? Ingress = null, Exception? Error = null)
{
    public TimeSpan? RetryAfter => (Error as ApiServerException)?.RetryAfter;

    /// <summary>Whether it says something of the server, and nothing of this Ingress.</summary>
    public bool ConcernsAll =>
        RetryAfter is not null || Result == StatusResult.Throttled || (Result == StatusResult.Failed && Error is not (ApiServerException or System.Text.Json.JsonException));

    public string Reason => (Error as ApiServerException)?.Status?.Message ?? Error?.Message ?? "";
}

/// <summary>Writes one status, once.</summary>
internal sealed class StatusClient(LeaderClient client, IngressOptions options, StatusMetrics metrics)
{
    private readonly string _fieldManager = StatusPlan.FieldManagerOf(options.Translation.ControllerClass);

    public async Task<StatusAnswer> WriteAsync(StatusChange change, CancellationToken cancellation)
    {
        StatusAnswer answer;
        try
        {
            answer = new(StatusResult.Written, await client.Kubernetes.NetworkingV1.PatchNamespacedIngressStatusAsync(
                StatusPatch.Of(change), ObjectCalls.PathSegment(change.Name.Name), ObjectCalls.PathSegment(change.Name.Namespace),
                fieldManager: _fieldManager, cancellationToken: cancellation));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new StatusAnswer(StatusResult.NotLeader);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            answer = new(Judge(error), Error: error);
        }

        metrics.Count(answer.Result.ToString().ToLowerInvariant());
        return answer;
    }

    private static StatusResult Judge(Exception error) => error switch
    {
        ApiServerException { IsNotFound: true } => StatusResult.Gone,
        ApiServerException { IsConflict: true } => StatusResult.Conflict,
        ApiServerException { IsTooManyRequests: true } => StatusResult.Throttled,
        // A policy of the cluster refuses one object with the code that RBAC has for all.
        ApiServerException { IsForbidden: true } refused =>
            refused.Status?.Message?.Contains("denied the request", StringComparison.Ordinal) == true ? StatusResult.Refused : StatusResult.Forbidden,
        ApiServerException { IsUnauthorized: false, IsTimeout: false, StatusCode: >= System.Net.HttpStatusCode.BadRequest and < System.Net.HttpStatusCode.InternalServerError } =>
            StatusResult.Refused,
        _ => StatusResult.Failed,
    };
}
