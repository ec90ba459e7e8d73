using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace IngressController.EventLoops;

/// <summary>Reads a socket when it is asked to, and only if there is something. It holds no memory while it waits.</summary>
/// <param name="pool">Gives it memory.</param>
/// <param name="ended">Called once nothing more can come, on any thread, under a lock.</param>
internal sealed class LoopReader(MemoryPool<byte> pool, Action ended) : PipeReader
{
    /// <summary>The blocks that are read unasked of a peer that has ended its side, to find the end after them.</summary>
    private const int MaxUnasked = 64;

    /// <summary>A block with less room is left as it is.</summary>
    private const int MinRoom = 512;

    private readonly LoopOperation<ReadResult> _read = new();
    private readonly BufferChain _buffer = new(pool);
    private Exception? _failure;
    private long _unexamined;
    private bool _isCanceled;
    private bool _isEnded;
    private bool _isCompleted;

    public required LoopSocket Socket { private get; init; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        lock (_read.Lock)
        {
            if (_read.IsPending || _isCompleted)
                throw new InvalidOperationException(_read.IsPending ? "a read waits" : "the reader is completed");
            do
            {
                if (TryGet(out var result))
                    return new(result);
            }
            while (TryReceive() || !Socket.AwaitReceive());
            return _read.Begin(cancellationToken);
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        lock (_read.Lock)
            return TryGet(out result) || (TryReceive() && TryGet(out result));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_read.Lock)
            _unexamined = _buffer.Advance(consumed, examined);
    }

    public override void CancelPendingRead()
    {
        lock (_read.Lock)
            _isCanceled = true;
        EndRead();
    }

    public override void Complete(Exception? exception = null)
    {
        lock (_read.Lock)
        {
            _isCompleted = true;
            _buffer.Clear();
        }
    }

    /// <summary>Reads what is there although no one has asked, so that the end is seen.</summary>
    public void ReceiveUnasked()
    {
        lock (_read.Lock)
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
        lock (_read.Lock)
        {
            if (!_read.IsPending)
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

            _read.Claim();
        }

        _read.End(result, failure);
    }

    /// <summary>Nothing more is received. A read that waits fails on another thread. What came before the end of the peer can still be read.</summary>
    public void Fail(Exception failure)
    {
        lock (_read.Lock)
        {
            if (!_isEnded)
                _failure = failure;
            EndInput();
        }

        EndRead();
    }

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
    private void EndRead()
    {
        ReadResult result = default;
        Exception? failure = null;
        lock (_read.Lock)
        {
            if (!_read.IsPending)
                return;
            _read.Claim();
            try
            {
                TryGet(out result);
            }
            catch (Exception error)
            {
                failure = error;
            }
        }

        _read.End(result, failure, isAsynchronous: true);
    }
}
