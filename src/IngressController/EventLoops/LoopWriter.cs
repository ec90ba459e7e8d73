using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace IngressController.EventLoops;

/// <summary>Writes to a socket at once. What it has no room for waits, and so does the flush. It holds no memory otherwise.</summary>
/// <param name="pool">Gives it memory.</param>
/// <param name="ended">Called when all is sent after it was completed, or nothing can be sent, on any thread, under a lock.</param>
internal sealed class LoopWriter(MemoryPool<byte> pool, Action<SocketError> ended) : PipeWriter
{
    private const int MaxSegments = 64;

    private readonly LoopOperation<FlushResult> _flush = new();
    private readonly BufferChain _buffer = new(pool);
    private List<ArraySegment<byte>>? _segments;
    private long _flushed;
    private bool _isSending;
    private bool _isCanceled;
    private bool _isCompleted;
    private bool _isEnded;

    public required LoopSocket Socket { private get; init; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffer.Length - _flushed;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        lock (_flush.Lock)
            return _buffer.Room(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        lock (_flush.Lock)
            _buffer.Add(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (_flush.Lock)
        {
            Commit();
            return Flushed(cancellationToken);
        }
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        lock (_flush.Lock)
        {
            var rest = source.Span;
            if (_buffer.IsEmpty && !_isSending && !_isEnded && !_isCompleted && !rest.IsEmpty)
            {
                var error = Socket.TrySend(rest, out var count);
                if (error is not (SocketError.Success or SocketError.WouldBlock))
                    EndOutput(error);
                rest = rest[count..];
            }

            _buffer.Append(rest);
            Commit();
            return Flushed(cancellationToken);
        }
    }

    public override void CancelPendingFlush()
    {
        lock (_flush.Lock)
            _isCanceled = true;
        EndFlush(isAsynchronous: true);
    }

    /// <summary>Nothing more is written. What was flushed is sent before the connection is closed.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (_flush.Lock)
        {
            if (_isCompleted)
                return;
            _isCompleted = true;
            Commit();
        }
    }

    /// <summary>Called by the loop.</summary>
    public void OnWritable()
    {
        lock (_flush.Lock)
        {
            if (!_isSending)
                return;
            _isSending = false;
            Send(isWriting: !_flush.IsPending && !_isCompleted);
            if (_isSending)
                return;
        }

        EndFlush(isAsynchronous: false);
    }

    /// <summary>Nothing more is sent. A flush that waits ends on another thread.</summary>
    public void Fail()
    {
        lock (_flush.Lock)
            EndOutput(SocketError.OperationAborted);
        EndFlush(isAsynchronous: true);
    }

    private void Commit()
    {
        _flushed = _buffer.Length;
        if (_isEnded)
            _buffer.Clear();
        else if (!_isSending)
            Send(isWriting: false);
    }

    /// <summary>Sends what was flushed. If there is no room for all, the loop goes on.</summary>
    /// <param name="isWriting">True if someone may be writing to the buffer.</param>
    private void Send(bool isWriting)
    {
        while (!_isEnded && _flushed > 0)
        {
            var error = TrySend(out var count);
            _buffer.Remove(count, isWriting);
            _flushed -= count;
            if (error is not (SocketError.Success or SocketError.WouldBlock))
                EndOutput(error);
            else if (_flushed > 0 && error == SocketError.WouldBlock && Socket.AwaitSend())
            {
                _isSending = true;
                return;
            }
        }

        if (_isCompleted)
            EndOutput(SocketError.Success);
    }

    private SocketError TrySend(out int count)
    {
        if (!_buffer.HasMore)
            return Socket.TrySend(_buffer.First, out count);
        _segments ??= [];
        _buffer.CopyTo(_segments, MaxSegments);
        var error = Socket.TrySend(_segments, out count);
        _segments.Clear();
        return error;
    }

    private ValueTask<FlushResult> Flushed(CancellationToken cancellation) =>
        !_isSending || _isCanceled ? new(Result()) : _flush.Begin(cancellation);

    private FlushResult Result()
    {
        var result = new FlushResult(_isCanceled, _isEnded);
        _isCanceled = false;
        return result;
    }

    private void EndOutput(SocketError error)
    {
        if (_isEnded)
            return;
        // The buffer is cleared by whoever writes to it.
        _isEnded = true;
        _isSending = false;
        _flushed = 0;
        if (_isCompleted)
            _buffer.Clear();
        ended(error);
    }

    /// <summary>Ends a flush that waits.</summary>
    private void EndFlush(bool isAsynchronous)
    {
        FlushResult result;
        lock (_flush.Lock)
        {
            if (!_flush.IsPending)
                return;
            _flush.Claim();
            result = Result();
        }

        _flush.End(result, null, isAsynchronous);
    }
}
