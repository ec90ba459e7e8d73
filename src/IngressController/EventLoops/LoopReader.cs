using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace IngressController.EventLoops;

/// <summary>Reads a socket when it is asked to, and only if there is something. It holds no memory while it waits.</summary>
/// <param name="pool">Gives it memory.</param>
/// <param name="ended">Called once nothing more can come, on any thread, under a lock.</param>
internal sealed class LoopReader(MemoryPool<byte> pool, Action ended) : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>The blocks that are read unasked of a peer that has ended its side, to find the end after them.</summary>
    private const int MaxUnasked = 64;

    /// <summary>A block with less room is left as it is.</summary>
    private const int MinRoom = 512;

    private readonly Lock _lock = new();
    private readonly BufferChain _buffer = new(pool);
    private ManualResetValueTaskSourceCore<ReadResult> _read;
    private CancellationTokenRegistration _registration;
    private Exception? _failure;
    private long _unexamined;
    private bool _isWaiting;
    private bool _isCanceled;
    private bool _isEnded;
    private bool _isCompleted;

    public required LoopSocket Socket { private get; init; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        lock (_lock)
        {
            if (_isWaiting || _isCompleted)
                throw new InvalidOperationException(_isWaiting ? "a read waits" : "the reader is completed");
            do
            {
                if (TryGet(out var result))
                    return new(result);
            }
            while (TryReceive() || !Socket.AwaitReceive());

            _isWaiting = true;
            _read.Reset();
            _read.RunContinuationsAsynchronously = false;
            var read = new ValueTask<ReadResult>(this, _read.Version);
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static (reader, token) => ((LoopReader)reader!).End(new OperationCanceledException(token)), this);
            return read;
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_lock)
            return TryGet(out result) || (TryReceive() && TryGet(out result));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_lock)
            _unexamined = _buffer.Advance(consumed, examined);
    }

    public override void CancelPendingRead()
    {
        lock (_lock)
        {
            _isCanceled = true;
            if (!_isWaiting)
                return;
        }

        End(null);
    }

    public override void Complete(Exception? exception = null)
    {
        lock (_lock)
        {
            _isCompleted = true;
            _buffer.Clear();
        }
    }

    /// <summary>Reads what is there although no one has asked, so that the end is seen.</summary>
    public void ReceiveUnasked()
    {
        lock (_lock)
        {
            for (var i = 0; i < MaxUnasked && !_isEnded && TryReceive(); i++)
            {
            }
        }
    }

    /// <summary>Called by the loop.</summary>
    public void OnReadable()
    {
        ReadResult result;
        Exception? failure = null;
        lock (_lock)
        {
            if (!_isWaiting)
                return;
            result = default;
            try
            {
                while (!TryGet(out result))
                {
                    if (!TryReceive() && Socket.AwaitReceive())
                        return;
                }
            }
            catch (Exception error)
            {
                failure = error;
            }

            _isWaiting = false;
        }

        _registration.Unregister();
        if (failure is null)
            _read.SetResult(result);
        else
            _read.SetException(failure);
    }

    /// <summary>Nothing more is received. A read that waits fails on another thread. What came before the end of the peer can still be read.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            if (!_isEnded)
                _failure = failure;
            EndInput();
        }

        End(null);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private bool TryGet(out ReadResult result)
    {
        if (_failure is not null && !_isCanceled)
            throw _failure;
        if (!_isCanceled && !_isEnded && _unexamined == 0)
        {
            result = default;
            return false;
        }

        result = new(_buffer.Bytes, _isCanceled, _isEnded);
        _isCanceled = false;
        return true;
    }

    /// <summary>Receives bytes, or learns of the end. False if there is nothing.</summary>
    private bool TryReceive()
    {
        if (_isEnded || !Socket.CanReceive)
            return false;
        var error = Socket.TryReceive(_buffer.Room(MinRoom).Span, out var count);
        if (error == SocketError.Success && count > 0)
        {
            _buffer.Add(count);
            _unexamined += count;
            if (_isCompleted)
                _buffer.Clear();
            return true;
        }

        if (_buffer.IsEmpty)
            _buffer.Clear();
        if (error == SocketError.WouldBlock)
            return false;
        if (error != SocketError.Success)
            _failure ??= new ConnectionResetException(new SocketException((int)error).Message, new SocketException((int)error));
        EndInput();
        return true;
    }

    private void EndInput()
    {
        if (_isEnded)
            return;
        _isEnded = true;
        ended();
    }

    /// <summary>Ends a read that waits, on another thread: whoever calls may hold a lock.</summary>
    private void End(Exception? failure)
    {
        ReadResult result = default;
        lock (_lock)
        {
            if (!_isWaiting)
                return;
            _isWaiting = false;
            if (failure is null)
            {
                try
                {
                    TryGet(out result);
                }
                catch (Exception error)
                {
                    failure = error;
                }
            }
        }

        _registration.Unregister();
        _read.RunContinuationsAsynchronously = true;
        if (failure is null)
            _read.SetResult(result);
        else
            _read.SetException(failure);
    }
}
