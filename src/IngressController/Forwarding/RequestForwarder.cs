using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Http2;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Signals;
using IngressController.Upstream;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Forwarding;

/// <summary>
/// Forwards a request to an endpoint of its cluster, to others if the first one does not process it, and reports failures.
/// </summary>
internal sealed partial class RequestForwarder(
    EndpointSender sender, LocalReplies replies, OpenWebSockets webSockets, Drain drain, TimeProvider time, ILogger<RequestForwarder> logger)
{
    /// <summary>The time for a client to send the rest of a body that is not needed, as with Kestrel.</summary>
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(5);

    private readonly FailureLogLimit _failures = new(time, logger);

    public async Task ForwardAsync(ProxyRequest request, UpstreamCluster cluster)
    {
        var context = request.Context;
        var model = cluster.Current;
        if (request.ChooseEndpoint(cluster, model) is not { } destination)
        {
            await replies.RefuseAsync(request, Refusal.NoEndpoint);
            return;
        }

        using var body = request.HoldBody();
        await using var handshake = webSockets.Prepare(context, body, request.Exchange!);
        // Before the first attempt only if it decides on responses, or has a limit of time.
        var retries = request.Retries is { } rules && (rules.Statuses.Count > 0 || rules.Timeout > TimeSpan.Zero)
            ? new RetrySequence(request, cluster, model, time) { Current = destination }
            : null;
        request.Gate = retries;
        var error = await sender.SendAsync(request, model, destination);
        if (error != ForwarderError.None)
            await RetryAsync(request, retries ?? new RetrySequence(request, cluster, model, time) { Current = destination }, model, error);
        if (request.ReplacedStatus is not 0 and var replaced)
            await replies.WriteAsync(request, replaced, ReasonPhrases.GetReasonPhrase(replaced), "the backend answered with an error", isOfBackend: true);
        if (body is { IsStopped: true } or { IsReading: true } && !context.RequestAborted.IsCancellationRequested)
            await EndBodyAsync(context, body);
    }

    /// <summary>Reads what the client still sends of a body that is not needed, after its response.</summary>
    private async Task EndBodyAsync(HttpContext context, ReplayableBody body)
    {
        await context.Response.CompleteAsync();
        await body.DrainAsync(LingerTimeout, time);
        // RFC 9113, 8.1. Kestrel uses the stream again, and the body of the next request could not be read while a read waits.
        if (body.IsReading)
            context.Features.Get<IHttpResetFeature>()?.Reset(Http2ErrorCode.NoError);
    }

    /// <summary>Repeats a failed request at other endpoints while that is safe, and reports the last failure.</summary>
    private async Task RetryAsync(ProxyRequest request, RetrySequence retries, UpstreamModel model, ForwarderError error)
    {
        var context = request.Context;
        while (retries.After(FailureKinds.Of(request)) is { } next)
        {
            if (retries.Delay > TimeSpan.Zero)
                await Task.Delay(retries.Delay, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.Features.Set<IForwarderErrorFeature>(null);
            DiscardResponse(context);
            context.Response.StatusCode = StatusCodes.Status200OK;
            request.Body?.Rewind();
            error = await sender.SendAsync(request, model, retries.Current = next);
            if (error == ForwarderError.None)
            {
                retries.Succeeded();
                return;
            }
        }

        await ReportAsync(request, retries.Current, error);
    }

    private Task ReportAsync(ProxyRequest request, DestinationState destination, ForwarderError error)
    {
        var context = request.Context;
        var exception = context.GetForwarderErrorFeature()?.Exception;
        // A client that has gone needs no response, and a request cut at the end of the grace period is not a failure of the endpoint.
        // Neither is one that the proxy has ended because of its client.
        if (request.Exchange is { EndReason: not EndReason.None } || (context.RequestAborted.IsCancellationRequested && !request.IsCutShort) || drain.IsOver)
            return Task.CompletedTask;

        // The pipeline refuses it.
        if (request.Body is { Problem: not RequestProblem.None })
            return Task.CompletedTask;
        // Not the endpoint's failure, so it is not logged: any client could fill the log.
        if (RefusedBodyException.Find(exception) is { } refusal)
            return replies.RefuseAsync(request, refusal);
        if (request.IsCutShort)
            error = ForwarderError.ResponseBodyDestination;
        if (IsClientError(error) && !IsCausedByBackend(request))
        {
            var status = context.Response.StatusCode;
            // Kestrel has ended the body, because it was too slow.
            if (status == StatusCodes.Status408RequestTimeout)
                request.Exchange?.CountSlowBody();
            return replies.WriteAsync(request, status, ReasonPhrases.GetReasonPhrase(status), "the request body could not be read");
        }

        var origin = request.Route.Definition.Origin;
        if (_failures.TryTake(HashCode.Combine(origin, destination.DestinationId), out var suppressed))
            Log.Failed(logger, origin, destination.DestinationId, error, Reason(exception), suppressed);
        return error is ForwarderError.RequestTimedOut || exception?.InnerException is UpstreamConnectTimeoutException
            ? replies.WriteAsync(request, StatusCodes.Status504GatewayTimeout, "Gateway Timeout", "the backend did not respond in time", isOfBackend: true)
            : replies.WriteAsync(request, StatusCodes.Status502BadGateway, "Bad Gateway", "the backend could not be reached or sent an invalid response", isOfBackend: true);
    }

    /// <summary>Removes what was copied from a response that failed afterwards: a reply of the proxy has no fields of a backend.</summary>
    private static void DiscardResponse(HttpContext context)
    {
        if (context.Response.HasStarted)
            return;
        context.Response.Headers.Clear();
        context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers.Clear();
        if (context.Features.Get<IHttpResponseFeature>() is { } response)
            response.ReasonPhrase = null;
    }

    private static bool IsClientError(ForwarderError error) =>
        error is ForwarderError.RequestBodyClient or ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled;

    /// <summary>
    /// True if the body was not read to its end because the backend broke off the exchange, which YARP reports as a failure of the client.
    /// </summary>
    private static bool IsCausedByBackend(ProxyRequest request) =>
        request.Body is { HasFailed: false } && request.Context.Response.StatusCode == StatusCodes.Status400BadRequest;

    private static string Reason(Exception? exception) =>
        exception is null ? "unknown reason"
        : exception.InnerException is { } inner && !exception.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{exception.Message} {inner.Message}"
        : exception.Message;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Route}: endpoint {Endpoint} failed ({Error}): {Reason} ({Suppressed} earlier failures not logged)")]
        public static partial void Failed(
            ILogger logger, RouteOrigin route, string endpoint, ForwarderError error, string reason, long suppressed);
    }
}
