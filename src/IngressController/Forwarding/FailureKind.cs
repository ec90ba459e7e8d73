using System.Net.Sockets;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Upstream;
using Microsoft.Net.Http.Headers;

namespace IngressController.Forwarding;

/// <summary>The meaning of a failed attempt for the next one.</summary>
internal enum FailureKind
{
    /// <summary>The endpoint may have acted on the request, or the client is the cause.</summary>
    Final,

    /// <summary>The endpoint refused the connection, which takes no time.</summary>
    Refused,

    /// <summary>No connection was made: a time-out, an unknown name, a failed TLS handshake.</summary>
    NotConnected,

    /// <summary>The request was provably not processed.</summary>
    NotProcessed,

    /// <summary>The endpoint may have processed the request, but it is idempotent and a kept connection was closed meanwhile.</summary>
    Repeatable,
}

/// <summary>Reads the kind of a failure from its error.</summary>
internal static class FailureKinds
{
    public static FailureKind Of(ProxyRequest request)
    {
        var context = request.Context;
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested
            || request.Body is { HasFailed: true } or { CanReplay: false })
            return FailureKind.Final;
        return context.GetForwarderErrorFeature()?.Exception is { } error ? Of(error, context.Request) : FailureKind.Final;
    }

    private static FailureKind Of(Exception error, HttpRequest request)
    {
        // YARP reports the failure of a body together with that of the request.
        if (error is AggregateException several)
            return several.InnerExceptions.Select(inner => Of(inner, request)).FirstOrDefault(kind => kind != FailureKind.Final);
        return error switch
        {
            UpstreamRefusedException => FailureKind.NotProcessed,
            UpstreamConnectionLostException loss => Of(loss, request),
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
            } => error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? FailureKind.Refused : FailureKind.NotConnected,
            { InnerException: { } inner } => Of(inner, request),
            _ => FailureKind.Final,
        };
    }

    private static FailureKind Of(UpstreamConnectionLostException loss, HttpRequest request)
    {
        // With Expect: 100-continue the endpoint has answered the head before the body is sent.
        var wasSent = loss.WasSent || request.Headers.ContainsKey(HeaderNames.Expect);
        return !wasSent ? FailureKind.NotProcessed
            : loss.WasUsed && IdempotentMethods.Contains(request.Method) ? FailureKind.Repeatable
            : FailureKind.Final;
    }
}
