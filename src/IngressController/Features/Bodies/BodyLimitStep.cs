using System.Runtime.CompilerServices;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Bodies;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Features.Bodies;

/// <summary>
/// proxy-body-size: refuses request bodies that are too large, at once by their Content-Length or while they are read. Kestrel's own limit
/// is not used: it also counts the framing of chunks, which makes a body in small chunks many times larger, and YARP removes it for gRPC.
/// </summary>
/// <param name="routeLimit">The limit of the Ingress in bytes, 0 for no limit; null for the limit of the setting.</param>
/// <param name="replies">Writes the refusal.</param>
internal sealed class BodyLimitStep(long? routeLimit, LocalReplies replies) : RequestStep
{
    // Otherwise the rest of the body would have to be read before the next request of an HTTP/1.1 connection.
    private static readonly Refusal TooLarge = new(
        StatusCodes.Status413PayloadTooLarge, "Content Too Large", "the request body is larger than this route allows") { ClosesConnection = true };

    public override string Name => "body size";

    /// <summary>Creates the step for every route, because the setting also applies to routes without the annotation.</summary>
    public static RequestStep Create(PlanContext context) => new BodyLimitStep(context.Policy<BodySizePolicy>()?.MaxBytes, context.Replies);

    public override string Describe(Revision revision) => LimitOf(revision) is > 0 and var limit ? $"413 for more than {limit} bytes" : "no limit";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) => IsAllowed(request) ? ValueTask.FromResult(true) : RefuseAsync(request);

    private long LimitOf(Revision revision) => routeLimit ?? revision.Settings.Get<BodySettings>().ProxyBodySize;

    private bool IsAllowed(ProxyRequest request)
    {
        var context = request.Context;
        // Most requests have no body. The data of a WebSocket is not a body either.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return true;
        var limit = LimitOf(request.Revision);
        if (limit == 0)
            return true;
        // Kestrel enforces the declared length.
        if (context.Request.ContentLength is { } length)
            return length <= limit;
        context.Request.Body = new LimitedBody(context.Request.Body, limit);
        return true;
    }

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.RefuseAsync(request, TooLarge);
        return false;
    }

    /// <summary>A body of unknown length that throws once it exceeds the limit.</summary>
    private sealed class LimitedBody(Stream body, long limit) : ReadOnlyStream
    {
        private long _read;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await body.ReadAsync(buffer, cancellationToken);
            _read += count;
            return _read <= limit ? count : throw new RefusedBodyException(TooLarge);
        }
    }
}
