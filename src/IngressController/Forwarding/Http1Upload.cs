using System.Buffers;
using System.Globalization;
using IngressController.Http;
using IngressController.Upstream.Http1;

namespace IngressController.Forwarding;

/// <summary>
/// Sends the body of a request, while the response is read: an endpoint can answer before it has all of it. The first part is sent with the
/// head.
/// </summary>
internal sealed class Http1Upload(Http1Connection connection, ReplayableBody body, bool isChunked)
{
    private const int BufferSize = 32 * 1024;

    /// <summary>The part that is sent with the head.</summary>
    private const int FirstPart = 16 * 1024;

    /// <summary>The size of a chunk in hexadecimal digits, and the ends of its line and of its data.</summary>
    private const int ChunkLine = 6;
    private const int ChunkEnd = 2;

    private readonly CancellationTokenSource _ending = new();
    private Task _sending = Task.CompletedTask;
    private bool _mayRead;

    private static ReadOnlySpan<byte> LastChunk => "0\r\n\r\n"u8;

    /// <summary>True if the whole body was sent.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The failure to read the body from the client; null if there is none.</summary>
    public Exception? ClientFailure { get; private set; }

    /// <summary>The failure to send the body to the endpoint; null if there is none. It may have answered before.</summary>
    public Exception? EndpointFailure { get; private set; }

    public bool IsInProgress => !_sending.IsCompleted;

    /// <summary>Adds what has arrived of the body to the head.</summary>
    /// <returns>False if that is all of it.</returns>
    public async ValueTask<bool> AddFirstPartAsync(RequestHeadWriter head)
    {
        _mayRead = true;
        var end = head.Written.Length + FirstPart;
        while (head.Written.Length < end)
        {
            if (!body.IsReadable)
                return true;
            if (!await AddPartAsync(head))
            {
                if (isChunked)
                    head.Append(LastChunk);
                IsComplete = !body.IsStopped;
                return false;
            }
        }

        return true;
    }

    /// <summary>Sends the rest of the body.</summary>
    /// <param name="permission">Completes when it may be sent.</param>
    public void Begin(Task permission) => _sending = SendAsync(permission);

    /// <summary>The endpoint does not need the rest.</summary>
    public void Stop()
    {
        if (IsComplete)
            return;
        // Otherwise the client waits for a permission to send it, and does not.
        if (_mayRead)
            body.Stop();
        _ending.Cancel();
    }

    /// <summary>Waits until no more is sent.</summary>
    public Task WaitAsync() => _sending;

    /// <summary>Ends the sending, so that the body can be sent again.</summary>
    public Task CancelAsync()
    {
        _ending.Cancel();
        return _sending;
    }

    private async ValueTask<bool> AddPartAsync(RequestHeadWriter head)
    {
        if (!isChunked)
        {
            var count = await ReadAsync(head.Rest(FirstPart)[..FirstPart]);
            head.Advance(count);
            return count > 0;
        }

        var chunk = ArrayPool<byte>.Shared.Rent(ChunkLine + FirstPart + ChunkEnd);
        try
        {
            var count = await ReadAsync(chunk.AsMemory(ChunkLine, FirstPart));
            if (count > 0)
                head.Append(Chunk(chunk, count).Span);
            return count > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>Reads from the client.</summary>
    private async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        try
        {
            return await body.ReadAsync(buffer, _ending.Token);
        }
        catch (Exception error) when (!_ending.IsCancellationRequested)
        {
            ClientFailure = error;
            throw;
        }
    }

    private async Task SendAsync(Task permission)
    {
        try
        {
            if (!permission.IsCompleted)
                await permission.WaitAsync(_ending.Token);
            _mayRead = true;
            byte[]? buffer = null;
            try
            {
                while (true)
                {
                    if (!body.IsReadable)
                    {
                        // Without a buffer while there is nothing.
                        Return(ref buffer);
                        await WaitForClientAsync();
                    }

                    buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
                    if (!await SendPartAsync(buffer))
                        return;
                }
            }
            finally
            {
                Return(ref buffer);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The response has come, or the request has failed.
        }
        catch (Exception) when (ClientFailure is not null)
        {
            connection.Abort();
        }
        catch (Exception error)
        {
            EndpointFailure = error;
        }
        finally
        {
            connection.WaitsForClient = false;
            connection.RestartTimeout();
        }
    }

    private static void Return(ref byte[]? buffer)
    {
        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = null;
    }

    private async Task WaitForClientAsync()
    {
        connection.WaitsForClient = true;
        _ = await ReadAsync(Memory<byte>.Empty);
        connection.WaitsForClient = false;
    }

    /// <summary>Sends the next part; false after the last one.</summary>
    private async ValueTask<bool> SendPartAsync(byte[] buffer)
    {
        var count = await ReadAsync(isChunked ? buffer.AsMemory(ChunkLine, BufferSize - ChunkLine - ChunkEnd) : buffer.AsMemory(0, BufferSize));
        if (count == 0)
        {
            if (body.IsStopped)
                return false;
            if (isChunked)
            {
                LastChunk.CopyTo(buffer);
                await connection.SendAsync(buffer.AsMemory(0, LastChunk.Length), _ending.Token);
            }

            IsComplete = true;
            return false;
        }

        await connection.SendAsync(isChunked ? Chunk(buffer, count) : buffer.AsMemory(0, count), _ending.Token);
        connection.RestartTimeout();
        return true;
    }

    /// <summary>Writes the line before the data of a chunk, and its end.</summary>
    private static ReadOnlyMemory<byte> Chunk(byte[] buffer, int count)
    {
        Span<byte> line = stackalloc byte[ChunkLine];
        count.TryFormat(line, out var digits, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(line[digits..]);
        var length = digits + 2;
        line[..length].CopyTo(buffer.AsSpan(ChunkLine - length));
        "\r\n"u8.CopyTo(buffer.AsSpan(ChunkLine + count));
        return buffer.AsMemory(ChunkLine - length, length + count + ChunkEnd);
    }
}
