using IngressController.Configuration;
using IngressController.Exchanges;
using IngressController.Pipeline;
using IngressController.Upstream;
using IngressController.Upstream.Http1;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Forwarding;

/// <summary>Sends one attempt of a request to an endpoint, by the forwarder that can, within the time limits of its route.</summary>
internal sealed class EndpointSender(IHttpForwarder forwarder, ForwardTransformer transformer, Http1Forwarder direct, UpstreamOptions options, TimeProvider time)
{
    /// <summary>Sends the request. A failure is a feature of it.</summary>
    public ValueTask<ForwarderError> SendAsync(ProxyRequest request, UpstreamModel model, DestinationState destination)
    {
        var sending = SendToAsync(request, model, destination);
        return request.Route.Plan.EncodesBodies ? EndEncodingAsync(request, sending) : sending;
    }

    private static async ValueTask<ForwarderError> EndEncodingAsync(ProxyRequest request, ValueTask<ForwarderError> sending)
    {
        var error = await sending;
        if (request.Encoding is { } encoding)
        {
            request.Encoding = null;
            await encoding.EndAsync(isComplete: error == ForwarderError.None);
        }

        return error;
    }

    private ValueTask<ForwarderError> SendToAsync(ProxyRequest request, UpstreamModel model, DestinationState destination)
    {
        var context = request.Context;
        var client = model.Http1For(context) is { } http1 && Http1Forwarder.Suits(request) ? http1 : null;
        if (request.Limits is { } limits)
            return SendAsync(request, model, destination, client, limits.For(context.Request));
        return client is not null
            ? direct.SendAsync(request, client, destination)
            : forwarder.SendAsync(context, destination.Model.Config.Address, model.ClientFor(context), model.RequestConfig, transformer);
    }

    /// <summary>Only a request with a deadline, or one that the HTTP client sends, needs a timer: connections of HTTP/1.1 know their idle time.</summary>
    private async ValueTask<ForwarderError> SendAsync(ProxyRequest request, UpstreamModel model, DestinationState destination, Http1Client? client, TimeLimits limits)
    {
        if (client is not null && !limits.HasDeadline)
            return await direct.SendAsync(request, client, destination, limits);
        var timer = request.Exchange!.Timer ??= new RequestTimer(limits, options.ReadTimeout, time);
        var ending = timer.BeginAttempt(watchesIdle: client is null);
        var error = client is not null
            ? await direct.SendAsync(request, client, destination, limits, ending)
            : await SendWatchedAsync(request, model, destination, timer, ending);
        return error == ForwarderError.None || timer.Cause == TimeoutCause.None || request.Context.Response.HasStarted
            ? error
            : Report(request.Context, timer.Cause);
    }

    private async ValueTask<ForwarderError> SendWatchedAsync(
        ProxyRequest request, UpstreamModel model, DestinationState destination, RequestTimer timer, CancellationToken ending)
    {
        var context = request.Context;
        var body = context.Request.Body;
        if (request.Body is not null)
            context.Request.Body = new WatchedClient(body, timer);
        try
        {
            return await forwarder.SendAsync(
                context, destination.Model.Config.Address, model.ClientFor(context), model.UntimedRequestConfig, transformer, ending);
        }
        finally
        {
            context.Request.Body = body;
        }
    }

    private static ForwarderError Report(HttpContext context, TimeoutCause cause)
    {
        context.Response.Clear();
        return cause == TimeoutCause.Client
            ? Http1Failure.Report(context, ForwarderError.RequestBodyClient, new TimeoutException("the client did not send the body in time"), StatusCodes.Status408RequestTimeout)
            : Http1Failure.Report(
                context, ForwarderError.RequestTimedOut,
                new TimeoutException(cause == TimeoutCause.Request ? "the request exceeded request-timeout" : "the endpoint did not respond in time"));
    }
}
