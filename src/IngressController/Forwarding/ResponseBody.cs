using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Upstream;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Forwarding;

/// <summary>
/// The body of a response on its way from the backend to the client. YARP copies it: it waits for data by a read without bytes, then reads
/// into a buffer of 64 KiB and writes. It would hold that buffer while the client does not read. Here a write only passes the bytes on to
/// Kestrel, and the next wait is for the client as well as for data; YARP holds no buffer while it waits.
/// </summary>
/// <remarks>
/// Event streams and gRPC calls open long before they send data. YARP sends the head together with the first bytes, so that it can detect a
/// response without a body. Here the head of a body of unknown length is sent if the backend has no data at the first read.
/// </remarks>
internal sealed class ResponseBody : OneWayStream, IHttpResponseBodyFeature
{
    private readonly Stream _backend;
    private readonly HttpContext _context;
    private readonly Exchange? _exchange;
    private readonly CutResponse _cut;
    private readonly IHttpResponseBodyFeature _client;
    private readonly bool _sendsHeadEarly;
    private readonly HttpResponseMessage _response;
    private CancellationTokenSource? _reading;
    private ValueTask<FlushResult> _flush;
    private bool _isFlushing;

    /// <summary>Becomes the body of the response, until it is disposed of.</summary>
    /// <param name="backend">The body that the backend sends.</param>
    /// <param name="context">The request.</param>
    /// <param name="exchange">Its exchange; null outside of the proxy.</param>
    /// <param name="cut">Delivers what arrived if the backend cuts the body short.</param>
    /// <param name="sendsHeadEarly">True to send the head before there is data.</param>
    /// <param name="response">The response of the backend.</param>
    public ResponseBody(Stream backend, HttpContext context, Exchange? exchange, CutResponse cut, bool sendsHeadEarly, HttpResponseMessage response)
    {
        (_backend, _context, _exchange, _cut, _sendsHeadEarly, _response) = (backend, context, exchange, cut, sendsHeadEarly, response);
        _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Features.Set<IHttpResponseBodyFeature>(this);
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    Stream IHttpResponseBodyFeature.Stream => this;

    PipeWriter IHttpResponseBodyFeature.Writer => _client.Writer;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isFlushing)
            return ReadAfterFlushAsync(buffer, cancellationToken);
        if (buffer.Length > MaxPiece)
            buffer = buffer[..MaxPiece];
        if (_sendsHeadEarly && !_context.Response.HasStarted)
            return ReadFirstAsync(buffer, cancellationToken);
        var read = _backend.ReadAsync(buffer, cancellationToken);
        return read.IsCompletedSuccessfully && _response.Version.Major != 2 ? read : ReadBackendAsync(read, buffer.IsEmpty);
    }

    /// <summary>Passes bytes on to Kestrel, which copies them. The next read waits until the client has taken them.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var write = _client.Writer.WriteAsync(buffer, cancellationToken);
        if (write.IsCompleted)
        {
            // Throws what the write has.
            _ = write.GetAwaiter().GetResult();
            return default;
        }

        // Before the head is sent the bytes may not be copied yet.
        if (!_context.Response.HasStarted)
            return new(write.AsTask());
        _exchange?.WriteWaits(buffer.Length);
        (_flush, _isFlushing) = (write, true);
        return default;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _client.Stream.FlushAsync(cancellationToken);

    void IHttpResponseBodyFeature.DisableBuffering() => _client.DisableBuffering();

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => _client.StartAsync(cancellationToken);

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) =>
        _client.SendFileAsync(path, offset, count, cancellationToken);

    Task IHttpResponseBodyFeature.CompleteAsync() => _client.CompleteAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _backend.Dispose();
            _reading?.Dispose();
            _exchange?.WriteEnded();
            _context.Features.Set(_client);
        }

        base.Dispose(disposing);
    }

    /// <summary>The bytes that one read may take: few once clients that do not read hold much.</summary>
    private int MaxPiece => _exchange?.MaxPiece ?? int.MaxValue;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAfterFlushAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        _isFlushing = false;
        try
        {
            await _flush;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _exchange?.TryEnd(EndReason.Stalled);
            throw new ClientStalledException();
        }
        finally
        {
            _flush = default;
            _exchange?.WriteEnded();
        }

        return await ReadAsync(buffer, cancellation);
    }

    private ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        _reading = new CancellationTokenSource();
        var read = _backend.ReadAsync(buffer, _reading.Token);
        if (!read.IsCompleted)
            return SendHeadAsync(read, buffer.IsEmpty, _reading, cancellation);
        return read.IsCompletedSuccessfully && _response.Version.Major != 2 ? read : ReadBackendAsync(read, buffer.IsEmpty);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadBackendAsync(ValueTask<int> read, bool isEmpty)
    {
        try
        {
            var count = await read;
            if (count == 0 && !isEmpty && _response.Version.Major == 2)
                CutMark.Check(_response);
            return count;
        }
        catch (Exception) when (!_context.RequestAborted.IsCancellationRequested)
        {
            await _cut.DeliverAsync(_context);
            throw;
        }
    }

    private async ValueTask<int> SendHeadAsync(ValueTask<int> read, bool isEmpty, CancellationTokenSource reading, CancellationToken cancellation)
    {
        await using var registration = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), reading);
        try
        {
            await _client.Stream.FlushAsync(cancellation);
        }
        catch
        {
            await EndAsync(read, reading);
            throw;
        }

        return await ReadBackendAsync(read, isEmpty);
    }

    /// <summary>
    /// Cancels the read and waits for its end. YARP reuses the buffer for another request when this returns, so no read may still write
    /// into it. Cancelling breaks the connection (HTTP/1.1) or resets the stream (HTTP/2), so the wait ends.
    /// </summary>
    private static async Task EndAsync(ValueTask<int> read, CancellationTokenSource reading)
    {
        await reading.CancelAsync();
        try
        {
            await read;
        }
        catch (Exception)
        {
            // The failure to send the head is reported instead; only the end of the read matters here.
        }
    }
}

/// <summary>The content of a response whose stream is a <see cref="ResponseBody"/>.</summary>
internal sealed class ResponseContent(HttpResponseMessage response, HttpContext context, Exchange? exchange, CutResponse cut, bool sendsHeadEarly)
    : WrappedContent(response.Content)
{
    protected override Stream Wrap(Stream body) => new ResponseBody(body, context, exchange, cut, sendsHeadEarly, response);
}

/// <summary>The client took no bytes for longer than an exchange may be idle.</summary>
internal sealed class ClientStalledException() : IOException("the client does not read the response");
