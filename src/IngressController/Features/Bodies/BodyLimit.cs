using System.Runtime.CompilerServices;
using IngressController.Proxy;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Features.Bodies;

/// <summary>
/// proxy-body-size: refuses request bodies that are too large, at once when the request says so and while they are read when not. It is
/// no step of a route, because the setting counts for those too that ask for nothing. Kestrel's own limit counts the framing of chunks as
/// well, so that a body in small chunks would seem many times larger than it is, and YARP lifts it for gRPC.
/// </summary>
internal sealed class BodyLimit(GlobalState global, OwnAnswers answers)
{
    /// <summary>Whether the request goes on; false when it has to be refused.</summary>
    public bool Admits(HttpContext context, ProxyRoute route)
    {
        // Most requests end here. What goes through a WebSocket is no body either.
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return true;
        var limit = route.MaxBodySize ?? global.Current.Settings.Bodies.ProxyBodySize;
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

    public Task RefuseAsync(HttpContext context)
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
