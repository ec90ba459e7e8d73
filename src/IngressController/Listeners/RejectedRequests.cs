using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using IngressController.Pipeline;
using IngressController.Signals;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Listeners;

/// <summary>
/// Receives the requests that Kestrel rejects before they reach the pipeline: counts and logs them, and gives an HTTP/1.1 client a body with
/// the reason. Kestrel calls the diagnostic source right before it sends the reply. An HTTP/2 stream has no body then: Kestrel offers no way
/// to write to it.
/// </summary>
internal sealed partial class RejectedRequests(RequestMetrics metrics, TimeProvider time, ILogger<RejectedRequests> logger) : DiagnosticSource
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly FailureLogLimit _limit = new(time, logger);

    public override bool IsEnabled(string name) => name == BadRequest;

    [RequiresUnreferencedCode("Only the features of the request are used, which are not read by reflection.")]
    public override void Write(string name, object? value)
    {
        if (value is not IFeatureCollection features
            || features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException error
            // The pipeline replies to requests that have reached it.
            || features.Get<ProxyRequest>() is not null)
        {
            return;
        }

        var peer = features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
        metrics.Unmatched.RequestEnded(error.StatusCode, Stopwatch.GetTimestamp());
        if (_limit.TryTake(error.StatusCode, out var suppressed))
            Log.Rejected(logger, error.StatusCode, peer, error.Message, suppressed);
        Reply(features, error);
    }

    private static void Reply(IFeatureCollection features, BadHttpRequestException error)
    {
        var request = features.GetRequiredFeature<IHttpRequestFeature>();
        var response = features.GetRequiredFeature<IHttpResponseFeature>();
        if (response.HasStarted || HttpProtocol.IsHttp2(request.Protocol) || IsPreface(error)
            || features.Get<IConnectionTransportFeature>() is not { } connection)
        {
            return;
        }

        var body = LocalReplies.TextOf(error.StatusCode, ReasonPhrases.GetReasonPhrase(error.StatusCode), Explain(error.StatusCode));
        response.StatusCode = error.StatusCode;
        response.Headers.Connection = "close";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentType = LocalReplies.TextType;
        response.Headers.ContentLength = body.Length;
        // The head goes into the pipe of the connection, which never waits, and the body after it. Kestrel then ends the connection.
        if (features.GetRequiredFeature<IHttpResponseBodyFeature>().StartAsync().IsCompletedSuccessfully && !HttpMethods.IsHead(request.Method))
            _ = connection.Transport.Output.WriteAsync(body).AsTask();
    }

    /// <summary>True for the preface of HTTP/2, to which Kestrel replies with frames.</summary>
    private static bool IsPreface(BadHttpRequestException error) =>
        error.StatusCode == StatusCodes.Status505HttpVersionNotsupported && error.Message.Contains("HTTP/2.0", StringComparison.Ordinal);

    private static string Explain(int status) => status switch
    {
        StatusCodes.Status405MethodNotAllowed => "the method is not allowed for this form of request target",
        StatusCodes.Status408RequestTimeout => "the head of the request did not arrive in time",
        StatusCodes.Status413PayloadTooLarge => "the body of the request is too large",
        StatusCodes.Status414UriTooLong => "the request line is too long",
        StatusCodes.Status431RequestHeaderFieldsTooLarge => "the request has too many header fields, or they are too large",
        StatusCodes.Status505HttpVersionNotsupported => "this version of HTTP is not supported",
        _ => "the request is malformed",
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "rejected with {Status}: a request of {Peer}: {Reason} ({Suppressed} more since the last line)")]
        public static partial void Rejected(ILogger logger, int status, System.Net.IPAddress? peer, string reason, long suppressed);
    }
}
