using System.Buffers;
using System.Net;
using IngressController.Http;
using IngressController.Http2;
using IngressController.Pipeline;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.ErrorPages;

/// <summary>Passes a page on to the client.</summary>
/// <param name="request">The request of the client.</param>
/// <param name="page">The page.</param>
/// <param name="replies">Applies the changes of responses.</param>
/// <param name="deadline">Ends the exchange with the Service of the page.</param>
/// <param name="idleTimeout">The time limit for the Service between two parts of the body.</param>
internal sealed class ErrorPageResponse(
    ProxyRequest request, HttpResponseMessage page, LocalReplies replies, CancellationTokenSource deadline, TimeSpan idleTimeout)
{
    private const int BufferSize = 16 * 1024;

    private readonly HttpContext _context = request.Context;

    /// <summary>Writes the page. Throws if its body fails before the response has begun, and ends the response if later.</summary>
    /// <param name="status">The status of the response.</param>
    public async Task WriteAsync(int status)
    {
        var hasBody = !HttpMethods.IsHead(_context.Request.Method) && status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        var body = await page.Content.ReadAsStreamAsync(deadline.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var count = hasBody ? await body.ReadAsync(buffer, deadline.Token) : 0;
            WriteHead(status, hasBody);
            while (count > 0)
            {
                // Not the time of the client, which the exchange watches.
                deadline.CancelAfter(Timeout.InfiniteTimeSpan);
                await request.Exchange!.WaitAsync(_context.Response.Body.WriteAsync(buffer.AsMemory(0, count), _context.RequestAborted), count);
                deadline.CancelAfter(idleTimeout);
                count = await body.ReadAsync(buffer, deadline.Token);
            }

            await EndEncodingAsync(isComplete: true);
            if (hasBody)
                WriteTrailers();
        }
        catch (Exception) when (_context.Response.HasStarted)
        {
            // So that the client does not take it for complete.
            if (_context.Features.Get<IHttpResetFeature>() is { } stream)
                stream.Reset(Http2ErrorCode.InternalError);
            else
                _context.Abort();
        }
        finally
        {
            await EndEncodingAsync(isComplete: false);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask EndEncodingAsync(bool isComplete)
    {
        if (request.Encoding is not { } encoding)
            return;
        request.Encoding = null;
        await encoding.EndAsync(isComplete);
    }

    private void WriteHead(int status, bool hasBody)
    {
        var response = _context.Response;
        response.StatusCode = status;
        var nominated = page.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var connection) ? connection.ToString() : "";
        var length = page.StatusCode is HttpStatusCode.NoContent ? 0 : page.Content.Headers.ContentLength;
        Copy(page.Headers.NonValidated, nominated);
        Copy(page.Content.Headers.NonValidated, nominated);
        response.ContentLength = hasBody || HttpMethods.IsHead(_context.Request.Method) ? length : status == StatusCodes.Status205ResetContent ? 0 : null;
        replies.ApplyChanges(request, isLocal: false);
    }

    private void Copy(System.Net.Http.Headers.HttpHeadersNonValidated fields, string nominated)
    {
        foreach (var (name, values) in fields)
        {
            if (ForwardedHeaders.IsForwardedToClient(name) && !name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)
                && !nominated.Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase))
                _context.Response.Headers[name] = new StringValues([.. values]);
        }
    }

    private void WriteTrailers()
    {
        if (_context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is not { IsReadOnly: false } trailers)
            return;
        foreach (var (name, values) in page.TrailingHeaders.NonValidated)
        {
            if (ForwardedHeaders.IsForwardedToClient(name))
                trailers[name] = new StringValues([.. values]);
        }
    }
}
