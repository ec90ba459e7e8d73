using System.Text;
using IngressController.Http2;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Upstream;
using IngressController.Upstream.Http1;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace IngressController.Forwarding;

/// <summary>One request on a connection of HTTP/1.1, and its response.</summary>
internal sealed class Http1Exchange(ProxyRequest request, Http1Connection connection, CutResponse cut, Drain drain)
{
    /// <summary>The time in which an endpoint asks for a body that a client announces with Expect; then it is sent unasked (RFC 9110, 10.1.1).</summary>
    private static readonly TimeSpan ContinueTimeout = TimeSpan.FromSeconds(1);

    private readonly HttpContext _context = request.Context;
    private readonly ResponseReader _response = new(connection);
    private Http1Upload? _upload;
    private TaskCompletionSource? _asked;

    /// <summary>True if the connection can be used for another request.</summary>
    public bool IsConnectionReusable { get; private set; }

    /// <summary>What remains of a response that is not passed on; null if there is none, or the connection must be closed.</summary>
    public ResponseReader? Rest { get; private set; }

    /// <summary>Sends the request, and passes the response on.</summary>
    public async ValueTask<ForwarderError> RunAsync(RequestHeadWriter writer)
    {
        int head;
        try
        {
            await SendAsync(writer);
            head = await _response.ReceiveHeadAsync(_asked is null ? null : () => _asked.TrySetResult());
        }
        catch (Exception error)
        {
            return await FailRequestAsync(error);
        }

        request.Exchange?.Timer?.HeadCame();
        if (request.Gate?.Refuses(connection.Head.Status, () => FieldOf(connection, HeaderNames.RetryAfter)) == true)
            return await DiscardAsync(head);
        if (_upload is { IsInProgress: true } && connection.Head.Status >= StatusCodes.Status300MultipleChoices)
            _upload.Stop();
        if (ReplacedResponse.Begin(request, connection.Head, connection.Buffer.Received))
            return await ReplaceAsync(head);
        try
        {
            request.Body?.Release();
            ResponseFields.Copy(request, connection.Head, connection.Buffer.Received, drain);
            connection.Buffer.Consume(head);
        }
        catch (Exception error)
        {
            await EndUploadAsync();
            // Status, reason and some fields may have been copied already.
            _context.Response.Clear();
            return Http1Failure.Report(_context, ForwarderError.ResponseHeaders, error);
        }

        return await PassOnAsync();
    }

    /// <summary>Sends the head with what has arrived of the body, and begins to send the rest.</summary>
    private async ValueTask SendAsync(RequestHeadWriter writer)
    {
        var incoming = _context.Request.Headers;
        var body = request.Body;
        var length = incoming.TransferEncoding.Count > 0 ? null : incoming.ContentLength;
        var framing = body is not null ? new RequestBodyFraming(length, IsChunked: length is null) : new RequestBodyFraming(LengthWithoutBody(length), IsChunked: false);
        writer.Write(_context.Request.Method, request.TargetForBackend, framing);
        if (body is not null)
            _upload = new Http1Upload(connection, body, framing.IsChunked);
        var expects = body is not null && incoming.Expect.Count > 0;
        var hasMore = body is not null && (expects || await _upload!.AddFirstPartAsync(writer));
        try
        {
            await connection.SendAsync(writer.Written, CancellationToken.None);
        }
        catch (IOException error)
        {
            throw new UpstreamConnectionLostException(connection.WasUsed, wasSent: false, error);
        }

        if (hasMore)
            _upload!.Begin(expects ? AskedForBodyAsync() : Task.CompletedTask);
    }

    /// <summary>RFC 9110, 8.6: a length of 0 where a method has a meaning for a body.</summary>
    private long? LengthWithoutBody(long? received)
    {
        var method = _context.Request.Method;
        return received ?? (HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method) ? 0 : null);
    }

    private Task<Task> AskedForBodyAsync() => Task.WhenAny((_asked = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task, Task.Delay(ContinueTimeout));

    /// <summary>Leaves the response to a page.</summary>
    private async ValueTask<ForwarderError> ReplaceAsync(int head)
    {
        request.Body?.Release();
        connection.Buffer.Consume(head);
        var framing = connection.Head.FramingFor(HttpMethods.IsHead(_context.Request.Method));
        _response.BeginBody(framing);
        if (_upload is { IsComplete: false })
        {
            _upload.Stop();
            await _upload.WaitAsync();
        }

        if (framing != ResponseFraming.Close && connection.Head.KeepsConnection && _upload is null or { IsComplete: true })
            Rest = _response;
        return ForwarderError.None;
    }

    /// <summary>Another attempt follows. The whole request was sent.</summary>
    private async ValueTask<ForwarderError> DiscardAsync(int head)
    {
        await EndUploadAsync();
        connection.Buffer.Consume(head);
        var framing = connection.Head.FramingFor(HttpMethods.IsHead(_context.Request.Method));
        _response.BeginBody(framing);
        if (framing != ResponseFraming.Close && connection.Head.KeepsConnection && _upload is null or { IsComplete: true })
            Rest = _response;
        return Http1Failure.Report(_context, ForwarderError.Request, new RetriedStatusException(connection.Head.Status));
    }

    private async ValueTask<ForwarderError> PassOnAsync()
    {
        var head = connection.Head;
        var framing = head.FramingFor(HttpMethods.IsHead(_context.Request.Method));
        // RFC 9110, 15.3.6: it has no body.
        var dropsBody = head.Status == StatusCodes.Status205ResetContent && framing != ResponseFraming.None;
        _response.BeginBody(dropsBody ? ResponseFraming.None : framing);
        var download = new Http1Download(_context, request.Exchange, connection, _response);
        try
        {
            await download.CopyAsync();
        }
        catch (Exception error)
        {
            return await FailResponseAsync(download, error);
        }

        if (_upload is { IsComplete: false })
        {
            // A complete response needs no more of the body (RFC 9112, 9.3).
            _upload.Stop();
            await _upload.WaitAsync();
        }

        IsConnectionReusable = !dropsBody && framing != ResponseFraming.Close && head.KeepsConnection && _upload is null or { IsComplete: true };
        return ForwarderError.None;
    }

    private async ValueTask<ForwarderError> FailRequestAsync(Exception error)
    {
        var isAborted = _context.RequestAborted.IsCancellationRequested;
        connection.Abort();
        await EndUploadAsync();
        if (isAborted)
            return Http1Failure.Report(_context, ForwarderError.RequestCanceled, error);
        if (_upload?.ClientFailure is { } failure)
        {
            return Http1Failure.Report(
                _context, ForwarderError.RequestBodyClient, new AggregateException(failure, error), (failure as BadHttpRequestException)?.StatusCode);
        }

        if (connection.WasClientLate)
            return Http1Failure.Report(_context, ForwarderError.RequestBodyClient, error, StatusCodes.Status408RequestTimeout);
        if (connection.HasTimedOut)
            return Http1Failure.Report(_context, ForwarderError.RequestTimedOut, error);
        return _upload?.EndpointFailure is { } cause
            ? Http1Failure.Report(_context, ForwarderError.RequestBodyDestination, new AggregateException(error, cause))
            : Http1Failure.Report(_context, ForwarderError.Request, error);
    }

    private async ValueTask<ForwarderError> FailResponseAsync(Http1Download download, Exception error)
    {
        var isAborted = _context.RequestAborted.IsCancellationRequested;
        connection.Abort();
        await EndUploadAsync();
        if (!isAborted && _upload?.ClientFailure is { } failure)
            return FailResponse(ForwarderError.RequestBodyClient, failure);
        if (!isAborted && !download.HasClientFailed && _context.Response.HasStarted)
        {
            await download.FlushAsync();
            await cut.DeliverAsync(_context);
        }

        var kind = isAborted || connection.HasTimedOut ? ForwarderError.ResponseBodyCanceled
            : download.HasClientFailed ? ForwarderError.ResponseBodyClient
            : ForwarderError.ResponseBodyDestination;
        return FailResponse(kind, error);
    }

    private ForwarderError FailResponse(ForwarderError kind, Exception error)
    {
        if (!_context.Response.HasStarted)
        {
            _context.Response.Clear();
            return Http1Failure.Report(_context, kind, error, (error as BadHttpRequestException)?.StatusCode);
        }

        if (error is BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout })
            request.Exchange?.CountSlowBody();
        // So that the client does not take it for complete.
        if (_context.Features.Get<IHttpResetFeature>() is { } stream)
            stream.Reset(Http2ErrorCode.InternalError);
        else
            _context.Abort();
        return Http1Failure.Report(_context, kind, error);
    }

    private static string? FieldOf(Http1Connection connection, string name)
    {
        var bytes = connection.Buffer.Received;
        for (var i = 0; i < connection.Head.Fields.Length; i++)
        {
            if (Ascii.EqualsIgnoreCase(connection.Head.Fields[i].Name(bytes), name))
                return connection.Head.TextOf(i, bytes).Value;
        }

        return null;
    }

    private Task EndUploadAsync() => _upload?.CancelAsync() ?? Task.CompletedTask;
}
