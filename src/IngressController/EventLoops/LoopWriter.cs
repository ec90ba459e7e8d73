using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace IngressController.EventLoops;

/// <summary>Writes to a socket at once. What it has no room for waits, and so does the flush. It holds no memory otherwise.</summary>
/// <param name="pool">Gives it memory.</param>
/// <param name="ended">Called when all is sent after it was completed, or nothing can be sent, on any thread, under a lock.</param>
internal sealed class LoopWriter(MemoryPool<byte> pool, Action<SocketError> ended) : PipeWriter, IValueTaskSource<FlushResult>
{
    private const int MaxSegments = 64;

    private readonly Lock _lock = new();
    private readonly BufferChain _buffer = new(pool);
    private ManualResetValueTaskSourceCore<FlushResult> _flush;
    private CancellationTokenRegistration _registration;
    private List<ArraySegment<byte>>? _segments;
    private long _flushed;
    private bool _isSending;
    private bool _isWaiting;
    private bool _isCanceled;
    private bool _isCompleted;
    private bool _isEnded;

    public required LoopSocket Socket { private get; init; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _buffer.Length - _flushed;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        lock (_lock)
            return _buffer.Room(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        lock (_lock)
            _buffer.Add(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            Commit();
            return Flushed(cancellationToken);
        }
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        lock (_lock)
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
        lock (_lock)
        {
            _isCanceled = true;
            if (!_isWaiting)
                return;
        }

        End(null, isAsynchronous: true);
    }

    /// <summary>Nothing more is written. What was flushed is sent before the connection is closed.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
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
        lock (_lock)
        {
            if (!_isSending)
                return;
            _isSending = false;
            Send(isWriting: !_isWaiting && !_isCompleted);
            if (_isSending || !_isWaiting)
                return;
        }

        End(null, isAsynchronous: false);
    }

    /// <summary>Nothing more is sent. A flush that waits ends on another thread.</summary>
    public void Fail()
    {
        lock (_lock)
            EndOutput(SocketError.OperationAborted);
        End(null, isAsynchronous: true);
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _flush.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _flush.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _flush.OnCompleted(continuation, state, token, flags);

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

    private ValueTask<FlushResult> Flushed(CancellationToken cancellation)
    {
        if (!_isSending || _isCanceled)
            return new(Result());
        if (_isWaiting)
            throw new InvalidOperationException("a flush waits");
        _isWaiting = true;
        _flush.Reset();
        _flush.RunContinuationsAsynchronously = false;
        if (cancellation.CanBeCanceled)
            _registration = cancellation.UnsafeRegister(static (writer, token) => ((LoopWriter)writer!).End(new OperationCanceledException(token), isAsynchronous: true), this);
        return new(this, _flush.Version);
    }

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

    private void End(Exception? failure, bool isAsynchronous)
    {
        FlushResult result;
        lock (_lock)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
            result = failure is null ? Result() : default;
        }

        _registration.Unregister();
        _flush.RunContinuationsAsynchronously = isAsynchronous;
        if (failure is null)
            _flush.SetResult(result);
        else
            _flush.SetException(failure);
    }
}
