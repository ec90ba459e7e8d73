using System.Runtime.CompilerServices;
using IngressController.Proxy;
using IngressController.Routing.Features.Bodies;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Features.Bodies;

/// <summary>
/// proxy-body-size: refuses request bodies that are too large, at once when the request says so and while they are read when not. Kestrel's
/// own limit counts the framing of chunks as well, so that a body in small chunks would seem many times larger than it is, and YARP lifts it
/// for gRPC.
/// </summary>
/// <param name="routeLimit">What the route's Ingress says, in bytes, 0 for any size; null leaves it to the setting.</param>
/// <param name="global">The settings.</param>
/// <param name="answers">How it is refused.</param>
internal sealed class BodyLimitStep(long? routeLimit, GlobalState global, OwnAnswers answers) : RequestStep
{
    public override string Name => "body size";

    /// <summary>Every route has it, as the setting counts for those too that ask for nothing.</summary>
    public static RequestStep Create(StepContext context) =>
        new BodyLimitStep(context.Policy<BodySizePolicy>()?.MaxBytes, context.Services.Global, context.Services.Answers);

    public override string Describe() =>
        (routeLimit ?? global.Current.Bodies.ProxyBodySize) is > 0 and var limit ? $"413 for more than {limit} bytes" : "any size";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route) =>
        Admits(context) ? ValueTask.FromResult(true) : AnswerAsync(context);

    private async ValueTask<bool> AnswerAsync(HttpContext context)
    {
        await RefuseAsync(context, answers);
        return false;
    }

    private bool Admits(HttpContext context)
    {
        // Most requests end here. What goes through a WebSocket is no body either.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return true;
        var limit = routeLimit ?? global.Current.Bodies.ProxyBodySize;
        if (limit == 0)
            return true;
        // The server holds the client to the length it gave.
        if (context.Request.ContentLength is { } length)
            return length <= limit;
        context.Request.Body = new LimitedBody(context.Request.Body, limit);
        return true;
    }

    /// <summary>Whether a request failed because its body turned out too large.</summary>
    public static bool IsExceeded(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is BodyTooLargeException)
                return true;
        }

        return false;
    }

    /// <summary>Answers a request whose body is too large.</summary>
    public static Task RefuseAsync(HttpContext context, OwnAnswers answers)
    {
        // What is left of the body would have to be read before the next request of an HTTP/1.1 connection.
        if (!context.Response.HasStarted && !HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return answers.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, "Content Too Large", "the request body is larger than this route allows");
    }

    private sealed class BodyTooLargeException() : BadHttpRequestException("the request body is too large", StatusCodes.Status413PayloadTooLarge);

    /// <summary>A body of unknown length, which fails as soon as it is longer than allowed.</summary>
    private sealed class LimitedBody(Stream body, long limit) : ReadOnlyStream
    {
        private long _read;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await body.ReadAsync(buffer, cancellationToken);
            _read += count;
            return _read <= limit ? count : throw new BodyTooLargeException();
        }
    }
}
