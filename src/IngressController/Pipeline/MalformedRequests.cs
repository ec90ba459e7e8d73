using System.Net;
using IngressController.Http2;
using IngressController.Signals;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Pipeline;

/// <summary>Refuses malformed requests of HTTP/2, which reach the pipeline with a mark (<see cref="MalformedRequest"/>).</summary>
internal sealed partial class MalformedRequests(LocalReplies replies, TimeProvider time, ILogger<MalformedRequests> logger)
{
    private readonly FailureLogLimit _limit = new(time, logger);

    /// <summary>Replies with the reason, and resets the stream after the reply (RFC 9113, 8.1.1).</summary>
    public async Task RefuseAsync(ProxyRequest request, RequestProblem problem)
    {
        var context = request.Context;
        var refusal = Refusal.Malformed(problem);
        if (_limit.TryTake((int)problem, out var suppressed))
            Log.Rejected(logger, refusal.Status, context.Connection.RemoteIpAddress, refusal.Detail, suppressed);
        var isReply = !context.Response.HasStarted;
        // To Kestrel the method is not HEAD: it expects the body of a length.
        await (HttpMethods.IsHead(context.Request.Method) ? replies.WriteEmptyAsync(request, refusal.Status) : replies.RefuseAsync(request, refusal));
        if (problem == RequestProblem.TooLarge)
            return;
        if (isReply)
            await context.Response.CompleteAsync();
        context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(Http2ErrorCode.ProtocolError);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "rejected with {Status}: a request of {Peer}: {Reason} ({Suppressed} more since the last line)")]
        public static partial void Rejected(ILogger logger, int status, IPAddress? peer, string reason, long suppressed);
    }
}
