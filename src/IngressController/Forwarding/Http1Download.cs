using System.IO.Pipelines;
using IngressController.Exchanges;
using IngressController.Upstream.Http1;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Forwarding;

/// <summary>Passes the body of a response on to the client, as it comes.</summary>
internal sealed class Http1Download(HttpContext context, Exchange? exchange, Http1Connection connection, ResponseReader response)
{
    /// <summary>The most that is written before the client is waited for.</summary>
    private const int MaxPiece = 64 * 1024;

    private readonly IHttpResponseBodyFeature _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
    private int _unflushed;
    private bool _hasFlushed;

    /// <summary>True if writing to the client has failed, and not reading from the endpoint.</summary>
    public bool HasClientFailed { get; private set; }

    private PipeWriter Writer => _client.Writer;

    /// <summary>
    /// Copies the body. One that has come whole stays in the buffers of the server, which sends it together with the head and the end.
    /// </summary>
    public async ValueTask CopyAsync()
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            response.Trailers = [];
        while (!response.IsComplete)
        {
            if (!connection.Buffer.Received.IsEmpty)
                await WriteReceivedAsync();
            if (response.IsComplete)
                break;
            if (_unflushed > 0)
                await FlushAsync();
            else if (!await ReceiveAsync())
                response.End();
        }

        // The server sends the last part together with the head only.
        if (_hasFlushed && _unflushed > 0)
            await FlushAsync();
        if (response.Trailers is { Count: > 0 } trailers)
            ResponseFields.CopyTrailers(context, trailers);
    }

    /// <summary>Sends what was passed on before the endpoint failed.</summary>
    public async ValueTask FlushAsync()
    {
        var bytes = _unflushed;
        _unflushed = 0;
        _hasFlushed = true;
        var flush = Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
            return;
        // The client takes them slowly, or not at all.
        if (connection.Buffer.Received.IsEmpty)
            connection.Buffer.Resize(isLarge: false);
        exchange?.WriteWaits(bytes);
        try
        {
            await flush;
        }
        catch (Exception)
        {
            HasClientFailed = true;
            throw;
        }
        finally
        {
            exchange?.WriteEnded();
        }
    }

    private async ValueTask WriteReceivedAsync()
    {
        if (!context.Response.HasStarted)
            await StartAsync();
        var limit = Math.Min(MaxPiece, exchange?.MaxPiece ?? MaxPiece);
        while (_unflushed < limit && !response.IsComplete && response.TryReadPart(limit - _unflushed, out var data))
        {
            if (data.IsEmpty)
                continue;
            data.CopyTo(Writer.GetSpan(data.Length));
            Writer.Advance(data.Length);
            _unflushed += data.Length;
        }
    }

    private async ValueTask StartAsync()
    {
        try
        {
            await _client.StartAsync();
        }
        catch (Exception)
        {
            HasClientFailed = true;
            throw;
        }
    }

    private async ValueTask<bool> ReceiveAsync()
    {
        if (connection.Buffer.Received.IsEmpty && response.Remaining > MaxPiece / 4)
            connection.Buffer.Resize(isLarge: true);
        var receive = connection.ReceiveAsync();
        // Event streams open long before they send data. The head of a body of known length waits for its first byte.
        if (receive.IsCompleted || context.Response.HasStarted || connection.Head.DeclaredLength is not null)
            return await receive;
        try
        {
            await StartAsync();
            await FlushAsync();
        }
        catch (Exception)
        {
            HasClientFailed = true;
            await EndAsync(receive);
            throw;
        }

        return await receive;
    }

    /// <summary>Ends a read: no read may still write into a buffer that is used again.</summary>
    private async ValueTask EndAsync(ValueTask<bool> receive)
    {
        connection.Abort();
        try
        {
            await receive;
        }
        catch (Exception)
        {
            // The failure of the client is reported.
        }
    }
}
