using System.Buffers;

namespace IngressController.Upstream;

/// <summary>
/// What an endpoint sends while the body of a request is still sent to it. It is read ahead and kept for the HTTP client, and stops the upload
/// if it shows that the endpoint does not need the rest (RFC 9112, 9.3): as in nginx if the response is complete, and at once
/// if its status is no success. Then the HTTP client is made to close the connection, which has seen half a request.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="upload">The body that is sent.</param>
internal sealed class EarlyResponse(Stream connection, RequestUpload upload)
{
    private const int MaxAhead = 16 * 1024;

    /// <summary>The time in which reading tells what has arrived, after writing has failed.</summary>
    private static readonly TimeSpan FailureTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<bool> _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private Exception? _error;
    private bool _hasEnded;

    private static ReadOnlySpan<byte> CloseField => "Connection: close\r\n"u8;

    public RequestUpload Upload => upload;

    /// <summary>Reads ahead from now on.</summary>
    public void Watch() => _watching = WatchAsync();

    /// <summary>Takes what a read of the HTTP client has received while the body was sent, and reads ahead from now on.</summary>
    public void Watch(ReadOnlySpan<byte> received)
    {
        if (received.IsEmpty)
        {
            _hasEnded = true;
            Decide();
            return;
        }

        _buffer = Rent(received.Length);
        received.CopyTo(_buffer);
        _end = received.Length;
        if (!Decide() && _end < MaxAhead)
            Watch();
    }

    /// <summary>The HTTP client has itself read the first bytes, or failed to.</summary>
    public void Arrived(bool hasResponse) => _arrival.TrySetResult(hasResponse);

    /// <summary>True if a response has arrived. Asked after a failed write, which ends reads as well.</summary>
    public async ValueTask<bool> HasArrivedAsync()
    {
        try
        {
            return await _arrival.Task.WaitAsync(FailureTimeout);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Ends the upload because a response has arrived.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            if (!upload.TryMarkStopped())
                return;
            InsertClose();
        }

        upload.Stop();
    }

    /// <summary>Reads for the HTTP client, once the upload is over; null if what was read ahead is used up.</summary>
    public async ValueTask<int?> ReadAsync(Memory<byte> buffer)
    {
        await upload.Over;
        while (true)
        {
            lock (_lock)
            {
                if (_start < _end)
                    return Take(buffer.Span);
            }

            if (!_watching.IsCompleted)
                await _watching;
            else if (_error is not null)
                throw _error;
            else
                return _hasEnded ? 0 : null;
        }
    }

    private static byte[] Rent(int received) => ArrayPool<byte>.Shared.Rent(Math.Max(received, MaxAhead) + CloseField.Length);

    private async Task WatchAsync()
    {
        try
        {
            do
            {
                // Without a buffer while there is nothing.
                var waiting = connection.ReadAsync(Memory<byte>.Empty);
                await waiting;
                _buffer ??= Rent(0);
                var count = await connection.ReadAsync(_buffer.AsMemory(_end, MaxAhead - _end));
                lock (_lock)
                    _end += count;
                _hasEnded = count == 0;
            }
            while (!Decide() && upload.IsInProgress && _end < MaxAhead);
        }
        catch (Exception error)
        {
            // For the HTTP client, after the bytes before it.
            _error = error;
            Decide();
        }
    }

    /// <summary>Returns true if nothing more has to be read ahead.</summary>
    private bool Decide()
    {
        var isOver = _hasEnded || _error is not null;
        ResponseProgress progress;
        lock (_lock)
            progress = ResponseProgress.Of(_buffer.AsSpan(_start, _end - _start));
        if (progress.HasBegun || isOver)
            _arrival.TrySetResult(progress.HasBegun);
        if (progress.EndOfStatusLine > 0 && (isOver || progress.IsComplete || progress.Status >= StatusCodes.Status300MultipleChoices))
        {
            Stop();
            return true;
        }

        return isOver;
    }

    /// <summary>Adds a field after the status line, if that has come.</summary>
    private void InsertClose()
    {
        var buffer = _buffer.AsSpan();
        if (ResponseProgress.Of(buffer[_start.._end]).EndOfStatusLine is not (> 0 and var line))
            return;
        line += _start;
        buffer[line.._end].CopyTo(buffer[(line + CloseField.Length)..]);
        CloseField.CopyTo(buffer[line..]);
        _end += CloseField.Length;
    }

    private int Take(Span<byte> destination)
    {
        var count = Math.Min(destination.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        if (_start == _end && _watching.IsCompleted)
        {
            ArrayPool<byte>.Shared.Return(_buffer!);
            (_buffer, _start, _end) = (null, 0, 0);
        }

        return count;
    }
}
