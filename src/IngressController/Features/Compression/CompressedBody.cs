using System.Buffers;
using System.IO.Pipelines;
using IngressController.Exchanges;
using IngressController.Pipeline;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Features.Compression;

/// <summary>
/// The body of a response in the place of Kestrel's: what is written to it is compressed into that, and a flush of it flushes both. It holds one
/// small buffer besides the state of the compressor.
/// </summary>
internal sealed class CompressedBody : ResponseEncoding, IHttpResponseBodyFeature
{
    private readonly HttpContext _context;
    private readonly IHttpResponseBodyFeature _client;
    private readonly CompressingWriter _writer;
    private readonly CompressorBudget _budget;
    private readonly int _cost;
    private Compressor? _compressor;

    /// <summary>Becomes the body of the response, until it is ended.</summary>
    /// <param name="context">The request.</param>
    /// <param name="compressor">The compressor, which it disposes of.</param>
    /// <param name="budget">The budget to which the memory of the compressor returns.</param>
    /// <param name="cost">That memory.</param>
    public CompressedBody(HttpContext context, Compressor compressor, CompressorBudget budget, int cost)
    {
        (_context, _compressor, _budget, _cost) = (context, compressor, budget, cost);
        _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _writer = new CompressingWriter(compressor, _client, context.Response);
        Stream = _writer.AsStream(leaveOpen: true);
        context.Features.Set<IHttpResponseBodyFeature>(this);
    }

    public Stream Stream { get; }

    public PipeWriter Writer => _writer;

    public override async ValueTask EndAsync(bool isComplete)
    {
        if (Interlocked.Exchange(ref _compressor, null) is not { } compressor)
            return;
        try
        {
            // What was flushed before is not joined with the end by Kestrel.
            if (isComplete && !_context.RequestAborted.IsCancellationRequested && await _writer.EndAsync())
                await FlushAsync();
        }
        finally
        {
            _writer.Release();
            compressor.Dispose();
            _budget.Return(_cost);
            _context.Features.Set(_client);
        }
    }

    private async Task FlushAsync()
    {
        var flush = _client.Writer.FlushAsync();
        if (flush.IsCompletedSuccessfully)
            return;
        var exchange = ProxyRequest.Of(_context).Exchange;
        exchange?.WriteWaits(ClientConnections.SmallPiece);
        try
        {
            await flush;
        }
        finally
        {
            exchange?.WriteEnded();
        }
    }

    public void DisableBuffering() => _client.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _client.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("responses are streams of a backend");

    public Task CompleteAsync() => _client.CompleteAsync();
}

/// <summary>Compresses what is written into the writer of the client.</summary>
internal sealed class CompressingWriter(Compressor compressor, IHttpResponseBodyFeature client, HttpResponse response) : PipeWriter
{
    private const int MinBuffer = 4 * 1024;

    private byte[]? _buffer;
    private bool _isDirty;
    private bool _hasFlushed;

    public override bool CanGetUnflushedBytes => false;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer is null || _buffer.Length < sizeHint)
        {
            Release();
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, MinBuffer));
        }

        return _buffer;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Only after the response has started.</summary>
    public override void Advance(int bytes) => Compress(_buffer.AsSpan(0, bytes));

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (!response.HasStarted)
            return StartAsync(source, cancellationToken);
        Compress(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_isDirty)
            compressor.Flush(client.Writer);
        _isDirty = false;
        _hasFlushed = true;
        return client.Writer.FlushAsync(cancellationToken);
    }

    /// <summary>Writes the end of the body. True if it must be flushed.</summary>
    public async ValueTask<bool> EndAsync()
    {
        if (!response.HasStarted)
            await client.StartAsync();
        compressor.End(client.Writer);
        return _hasFlushed;
    }

    /// <summary>Returns the buffer.</summary>
    public void Release()
    {
        if (_buffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _buffer = null;
    }

    public override void CancelPendingFlush() => client.Writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        // The response ends with the request.
    }

    private async ValueTask<FlushResult> StartAsync(ReadOnlyMemory<byte> source, CancellationToken cancellation)
    {
        await client.StartAsync(cancellation);
        return await WriteAsync(source, cancellation);
    }

    private void Compress(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        _isDirty = true;
        compressor.Write(bytes, client.Writer);
    }
}
