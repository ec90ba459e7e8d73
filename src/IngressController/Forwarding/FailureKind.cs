using System.Net.Sockets;
using IngressController.Exchanges;
using IngressController.Pipeline;
using IngressController.Upstream;
using IngressController.Upstream.Http1;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace IngressController.Forwarding;

/// <summary>The meaning of a failed attempt for the next one.</summary>
internal enum FailureKind
{
    /// <summary>The endpoint may have acted on the request, or the client is the cause.</summary>
    Final,

    /// <summary>The endpoint refused the connection, which takes no time.</summary>
    Refused,

    /// <summary>No connection was made in time.</summary>
    ConnectTimedOut,

    /// <summary>No connection was made: an unknown name, a failed TLS handshake.</summary>
    NotConnected,

    /// <summary>The request was provably not processed.</summary>
    NotProcessed,

    /// <summary>A kept connection was closed when the request had been sent; the endpoint may have processed it.</summary>
    KeptConnectionLost,

    /// <summary>The exchange failed before the response; the endpoint may have processed the request, or failed because of it.</summary>
    Lost,

    /// <summary>The head of the response is invalid.</summary>
    InvalidResponse,

    /// <summary>The endpoint did not respond in time.</summary>
    TimedOut,

    /// <summary>The response has a status after which the request is attempted again.</summary>
    Status,
}

/// <summary>Reads the kind of a failure from its error.</summary>
internal static class FailureKinds
{
    public static FailureKind Of(ProxyRequest request)
    {
        var context = request.Context;
        if (request.Exchange?.Timer?.Cause == TimeoutCause.Request || context.Response.HasStarted || context.RequestAborted.IsCancellationRequested
            || request.Body is { HasFailed: true } or { CanReplay: false })
            return FailureKind.Final;
        return context.GetForwarderErrorFeature() is not { Exception: { } error } failure ? FailureKind.Final
            // The client did not send the body in time.
            : context.Response.StatusCode == StatusCodes.Status408RequestTimeout ? FailureKind.Final
            // Before the error: that of a connection that was ended therefore looks like a loss.
            : failure.Error == ForwarderError.RequestTimedOut ? FailureKind.TimedOut
            : Of(error, context.Request);
    }

    private static FailureKind Of(Exception error, HttpRequest request)
    {
        // YARP reports the failure of a body together with that of the request.
        if (error is AggregateException several)
            return several.InnerExceptions.Select(inner => Of(inner, request)).Where(kind => kind != FailureKind.Final).DefaultIfEmpty(FailureKind.Final).Min();
        return error switch
        {
            RetriedStatusException => FailureKind.Status,
            UpstreamRefusedException => FailureKind.NotProcessed,
            UpstreamConnectionLostException loss => Of(loss, request),
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
            } => error.InnerException switch
            {
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => FailureKind.Refused,
                UpstreamConnectTimeoutException => FailureKind.ConnectTimedOut,
                _ => FailureKind.NotConnected,
            },
            InvalidResponseException or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
                FailureKind.InvalidResponse,
            // Of the body that the client sends.
            BadHttpRequestException => FailureKind.Final,
            { InnerException: { } inner } when Of(inner, request) is not FailureKind.Final and var kind => kind,
            IOException or HttpRequestException => FailureKind.Lost,
            _ => FailureKind.Final,
        };
    }

    private static FailureKind Of(UpstreamConnectionLostException loss, HttpRequest request)
    {
        // With Expect: 100-continue the endpoint has answered the head before the body is sent.
        var wasSent = loss.WasSent || request.Headers.ContainsKey(HeaderNames.Expect);
        return !wasSent ? FailureKind.NotProcessed
            : loss.WasUsed ? FailureKind.KeptConnectionLost
            : FailureKind.Lost;
    }
}
