using System.Buffers;
using IngressController.Http2;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Http;

/// <summary>
/// The body of a client's request, of which the first part is kept while the request may have to be sent to another endpoint. A longer body
/// passes, and the request then cannot be sent again.
/// </summary>
/// <param name="body">The body as it comes from the client.</param>
/// <param name="length">Its length; null if it is unknown.</param>
/// <param name="trailers">The trailers of HTTP/2 after it.</param>
/// <param name="maxKept">The maximum number of bytes that are kept.</param>
internal sealed class ReplayableBody(
    Stream body, long? length, IHttpRequestTrailersFeature? trailers = null, int maxKept = ReplayableBody.DefaultMaxKept) : ReadOnlyStream
{
    /// <summary>The number of bytes that are kept by default.</summary>
    public const int DefaultMaxKept = 64 * 1024;

    private const int FirstBuffer = 4 * 1024;

    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A read without bytes that waits for the client; null if none does.</summary>
    private Task? _pending;

    /// <summary>True if the next read does not wait.</summary>
    private bool _hasData;

    private byte[]? _kept;
    private int _count;
    private int _position;
    private bool _isReleased = length > maxKept;

    /// <summary>True if the body can be read from its beginning.</summary>
    public bool CanReplay => !IsStopped && (!_isReleased || !HasBegun);

    /// <summary>True if reading failed because of the client, and not because the backend no longer reads.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>True if it was read to its end.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The problem of the trailers, which is found at the end of the body.</summary>
    public RequestProblem Problem { get; private set; }

    /// <summary>True if the backend has answered and does not need the rest.</summary>
    public bool IsStopped => _stopped.Task.IsCompleted;

    /// <summary>True while a read waits for the client. The request must not end then: Kestrel reads the next one with the same objects.</summary>
    public bool IsReading => _pending is { IsCompleted: false };

    /// <summary>True if the next read does not wait for the client.</summary>
    public bool IsReadable => IsStopped || HasEnded || _position < _count || _hasData || Pending().IsCompleted;

    private bool HasBegun { get; set; }

    /// <summary>Starts from the beginning. Only after the last read has ended.</summary>
    public void Rewind() => _position = 0;

    /// <summary>Lets reads end as at the end of the body. May be called while a read waits.</summary>
    public void Stop() => _stopped.TrySetResult();

    /// <summary>
    /// Reads on after the response was sent, so that a client that is still sending can read it: closing a connection with unread bytes resets
    /// it. Kestrel does the same, but not while a read waits.
    /// </summary>
    public async Task DrainAsync(TimeSpan timeout, TimeProvider time)
    {
        using var cancellation = new CancellationTokenSource(timeout, time);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            do
            {
                if (!_hasData)
                    await WaitForDataAsync(cancellation.Token);
                _hasData = false;
            }
            while (!cancellation.IsCancellationRequested && await body.ReadAsync(buffer, CancellationToken.None) > 0);
        }
        catch (Exception)
        {
            // The client has gone, is too slow, or sends more than is allowed: the connection ends.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Returns the buffer: the request is not sent again.</summary>
    public void Release()
    {
        _isReleased = true;
        if (_position == _count)
            ReturnBuffer();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsStopped)
            return new(0);
        if (_position < _count)
            return new(buffer.IsEmpty ? 0 : Replay(buffer.Span));
        return HasEnded ? new(0) : ReadOnAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ReturnBuffer();
            // The client may break off later; no one waits for that any more.
            _ = _pending?.ContinueWith(static read => read.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        base.Dispose(disposing);
    }

    private int Replay(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _count - _position);
        _kept.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        if (_isReleased && _position == _count)
            ReturnBuffer();
        return count;
    }

    [System.Runtime.CompilerServices.AsyncMethodBuilder(typeof(System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOnAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        int count;
        try
        {
            if (!_hasData && !await WaitForDataOrStopAsync(cancellation))
                return 0;
            // YARP waits for data with an empty buffer.
            if (buffer.IsEmpty)
                return 0;
            _hasData = false;
            count = await body.ReadAsync(buffer, CancellationToken.None);
            if (count == 0 && trailers is not null)
                CheckTrailers(trailers);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            HasFailed = true;
            throw;
        }

        HasBegun = true;
        HasEnded = count == 0;
        if (!_isReleased)
            Keep(buffer.Span[..count]);
        return count;
    }

    /// <summary>Fails the body before its end is known to the backend, if the request turns out to be malformed.</summary>
    private void CheckTrailers(IHttpRequestTrailersFeature received)
    {
        Problem = MalformedRequest.ProblemOf(received);
        if (Problem != RequestProblem.None)
            throw new BadHttpRequestException(Problem.Explain());
    }

    /// <summary>
    /// Waits until a read does not wait. Kestrel cannot go on reading a body after a read was canceled, so it is not: an attempt that ends
    /// stops waiting, and the next one waits for the same read.
    /// </summary>
    private async Task WaitForDataAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await Pending().WaitAsync(cancellation);
        _pending = null;
        _hasData = true;
    }

    /// <summary>As <see cref="WaitForDataAsync"/>; false if the body was stopped.</summary>
    private async Task<bool> WaitForDataOrStopAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!Pending().IsCompleted)
            await Task.WhenAny(Pending(), _stopped.Task).WaitAsync(cancellation);
        if (IsStopped)
            return false;
        await WaitForDataAsync(cancellation);
        return true;
    }

    private Task Pending()
    {
        if (_pending is null)
        {
            var read = body.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
            _pending = read.IsCompletedSuccessfully ? Task.CompletedTask : read.AsTask();
        }

        return _pending;
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty)
            return;
        var needed = _count + part.Length;
        if (needed > maxKept)
        {
            _isReleased = true;
            ReturnBuffer();
            return;
        }

        if (_kept is null || _kept.Length < needed)
            Grow(needed);
        part.CopyTo(_kept.AsSpan(_count));
        _position = _count = needed;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _kept is null ? (int?)length ?? FirstBuffer : 2 * _kept.Length));
        if (_kept is { } smaller)
        {
            smaller.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(smaller);
        }

        _kept = larger;
    }

    private void ReturnBuffer()
    {
        _position = _count = 0;
        if (_kept is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _kept = null;
    }
}
