using System.Runtime.CompilerServices;

namespace IngressController.Upstream;

/// <summary>
/// An HTTP/1.1 connection to an endpoint, in cleartext or above TLS, whose records both sides also exchange without a request. It tells how
/// much of a request was sent when it is lost, and gives the HTTP client a response that comes before the request is sent.
/// </summary>
internal sealed class UpstreamHttp1Stream(Stream connection) : ConnectionStream(connection)
{
    private ConnectionUse _use;
    private volatile EarlyResponse? _early;
    private bool _isDeaf;
    private int _reader;

    /// <summary>Who reads the connection: only one can at a time.</summary>
    private enum Reader
    {
        None,
        Client,
        EarlyResponse,
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Before the first await, on the thread of the upload.
        if (RequestUpload.Current is { } begun && begun != _early?.Upload)
            Begin(begun);
        var early = _early;
        // The rest of a body. The HTTP client does not use the connection again: it has been told to close it, or finds it closed.
        if (_isDeaf || early is { Upload.IsStopped: true })
            return;

        var isFirst = _use.Sending(buffer.Length);
        try
        {
            await Connection.WriteAsync(buffer, early is { Upload.IsInProgress: true } ? early.Upload.Stopping : cancellationToken);
        }
        catch (OperationCanceledException) when (early is { Upload.IsStopped: true })
        {
        }
        catch (IOException error)
        {
            if (early is not null && await early.HasArrivedAsync())
            {
                // The endpoint no longer reads. Without a response this is an ordinary failure.
                _isDeaf = true;
                early.Stop();
            }
            else if (_use.AwaitsResponse)
            {
                throw _use.Lost(wasSent: !isFirst, error);
            }
            else
            {
                throw;
            }
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Interlocked.CompareExchange(ref _reader, (int)Reader.Client, (int)Reader.None) != (int)Reader.None)
            return ReadEarlyAsync(buffer, cancellationToken);
        var read = Connection.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompletedSuccessfully || _early is not null)
            return ReadAsync(buffer, read, cancellationToken);
        Volatile.Write(ref _reader, (int)Reader.None);
        return new(_use.Received(buffer.Span, read.Result));
    }

    private void Begin(RequestUpload upload)
    {
        var early = _early = new EarlyResponse(Connection, upload);
        // A kept connection is read already: the HTTP client watches for its end.
        if (Interlocked.CompareExchange(ref _reader, (int)Reader.EarlyResponse, (int)Reader.None) == (int)Reader.None)
            early.Watch();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(Memory<byte> buffer, ValueTask<int> read, CancellationToken cancellation)
    {
        int count;
        try
        {
            count = await read;
        }
        catch (IOException error)
        {
            _early?.Arrived(hasResponse: false);
            Volatile.Write(ref _reader, (int)Reader.None);
            if (_use.AwaitsResponse)
                throw _use.Lost(wasSent: true, error);
            throw;
        }

        if (!buffer.IsEmpty && _early is { } early)
        {
            if (early.Upload.IsInProgress)
            {
                Volatile.Write(ref _reader, (int)Reader.EarlyResponse);
                early.Watch(buffer.Span[..count]);
                return await ReadEarlyAsync(buffer, cancellation);
            }

            early.Arrived(hasResponse: count > 0);
            if (!early.Upload.IsStopped)
                _early = null;
        }

        Volatile.Write(ref _reader, (int)Reader.None);
        return _use.Received(buffer.Span, count);
    }

    /// <summary>Reads what was read ahead.</summary>
    private async ValueTask<int> ReadEarlyAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        int? count;
        try
        {
            count = await _early!.ReadAsync(buffer);
        }
        catch (IOException error) when (_use.AwaitsResponse)
        {
            throw _use.Lost(wasSent: true, error);
        }

        if (count is { } received)
            return _use.Received(buffer.Span, received);
        if (!_early.Upload.IsStopped)
            _early = null;
        Volatile.Write(ref _reader, (int)Reader.None);
        return await ReadAsync(buffer, cancellation);
    }
}
