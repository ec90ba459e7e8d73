using System.IO.Pipelines;
using IngressController.Exchanges;
using IngressController.Upstream.Http1;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Forwarding;

/// <summary>Passes the body of a response on to the client, as it comes.</summary>
internal sealed class Http1Download(HttpContext context, Exchange? exchange, Http1Connection connection, ResponseFraming framing)
{
    /// <summary>The most that is written before the client is waited for.</summary>
    private const int MaxPiece = 64 * 1024;

    private readonly IHttpResponseBodyFeature _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
    private readonly List<(string Name, string Value)>? _trailers = HttpProtocol.IsHttp2(context.Request.Protocol) ? [] : null;
    private ChunkDecoder _chunks;
    private long _remaining = connection.Head.Length;
    private int _unflushed;
    private bool _hasFlushed;

    /// <summary>True if the whole body has come.</summary>
    public bool IsComplete { get; private set; } = framing == ResponseFraming.None;

    /// <summary>True if writing to the client has failed, and not reading from the endpoint.</summary>
    public bool HasClientFailed { get; private set; }

    private PipeWriter Writer => _client.Writer;

    /// <summary>
    /// Copies the body. One that has come whole stays in the buffers of the server, which sends it together with the head and the end.
    /// </summary>
    public async ValueTask CopyAsync()
    {
        while (true)
        {
            if (!connection.Received.IsEmpty)
                await WriteReceivedAsync();
            if (IsComplete)
                break;
            if (_unflushed > 0)
                await FlushAsync();
            else if (!await ReceiveAsync())
                break;
        }

        if (!IsComplete)
        {
            if (framing != ResponseFraming.Close)
                throw new InvalidResponseException("the endpoint closed the connection before the end of the response");
            IsComplete = true;
        }

        // The server sends the last part together with the head only.
        if (_hasFlushed && _unflushed > 0)
            await FlushAsync();
        if (_trailers is not null)
            ResponseFields.CopyTrailers(context, _trailers);
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
        if (connection.Received.IsEmpty)
            connection.UseSmallBuffer();
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
        while (_unflushed < limit && !IsComplete && WriteNext(limit - _unflushed) > 0)
        {
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

    /// <summary>Writes a part of what was received.</summary>
    /// <returns>The number of bytes that it has consumed; 0 if more must be received.</returns>
    private int WriteNext(int limit)
    {
        var received = connection.Received;
        if (received.IsEmpty)
            return 0;
        int consumed;
        Range data;
        switch (framing)
        {
            case ResponseFraming.Chunked:
                // A line is not cut, but data is.
                consumed = _chunks.Decode(received, limit, out data, _trailers);
                IsComplete = _chunks.IsComplete;
                break;
            case ResponseFraming.Length:
                consumed = (int)Math.Min(Math.Min(received.Length, limit), _remaining);
                data = ..consumed;
                _remaining -= consumed;
                IsComplete = _remaining == 0;
                break;
            default:
                consumed = Math.Min(received.Length, limit);
                data = ..consumed;
                break;
        }

        var bytes = received[data];
        if (!bytes.IsEmpty)
        {
            var target = Writer.GetSpan(bytes.Length);
            bytes.CopyTo(target);
            Writer.Advance(bytes.Length);
            _unflushed += bytes.Length;
        }

        connection.Consume(consumed);
        return consumed;
    }

    private async ValueTask<bool> ReceiveAsync()
    {
        if (connection.Received.IsEmpty && _remaining > MaxPiece / 4)
            connection.UseLargeBuffer();
        var receive = connection.ReceiveAsync();
        // Event streams open long before they send data. The head of a body of known length waits for its first byte.
        if (receive.IsCompleted || context.Response.HasStarted || connection.Head.DeclaredLength is not null)
            return await receive;
        try
        {
            await _client.StartAsync();
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
