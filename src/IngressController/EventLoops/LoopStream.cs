using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using IngressController.Http;

namespace IngressController.EventLoops;

/// <summary>A connection to an endpoint on a loop. One read and one write may wait at a time.</summary>
internal sealed class LoopStream : OneWayStream, ILoopEvents
{
    private readonly LoopSocket _socket;
    private readonly Operation<int> _read = new();
    private readonly Operation<bool> _write = new();
    private Memory<byte> _room;
    private ReadOnlyMemory<byte> _unsent;
    private int _isClosed;

    private LoopStream(Socket socket, EventLoop loop) => _socket = new LoopSocket(socket, loop, this);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    /// <summary>The loop that reports what happens to it.</summary>
    public EventLoop Loop => _socket.Loop;

    /// <summary>Connects to an address.</summary>
    public static async ValueTask<LoopStream> ConnectAsync(EventLoop loop, IPEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, Blocking = false };
        LoopStream? stream = null;
        try
        {
            var native = address.Serialize();
            if (Epoll.BeginConnect(socket.SafeHandle, native.Buffer.Span[..native.Size]) is not SocketError.Success and var error)
                throw new SocketException((int)error);
            stream = new LoopStream(socket, loop);
            await stream.ConnectedAsync(cancellation);
            return stream;
        }
        catch
        {
            if (stream is null)
                socket.Dispose();
            else
                await stream.DisposeAsync();
            throw;
        }
    }

    public override void Flush()
    {
        // Nothing is buffered.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_read.Lock)
        {
            ThrowIfClosed();
            do
            {
                if (TryReceive(buffer, out var count))
                    return new(count);
            }
            while (!_socket.AwaitReceive());
            _room = buffer;
            return _read.Begin(cancellationToken);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_write.Lock)
        {
            ThrowIfClosed();
            if (TrySend(ref buffer))
                return default;
            _unsent = buffer;
            return _write.BeginVoid(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    void ILoopEvents.OnReadable()
    {
        var count = 0;
        Exception? failure = null;
        lock (_read.Lock)
        {
            if (!_read.IsPending)
                return;
            try
            {
                while (!TryReceive(_room, out count))
                {
                    if (_socket.AwaitReceive())
                        return;
                }
            }
            catch (IOException error)
            {
                failure = error;
            }

            _room = default;
            _read.Claim();
        }

        _read.End(count, failure);
    }

    void ILoopEvents.OnWritable()
    {
        Exception? failure = null;
        lock (_write.Lock)
        {
            if (!_write.IsPending)
                return;
            try
            {
                if (!TrySend(ref _unsent))
                    return;
            }
            catch (IOException error)
            {
                failure = error;
            }

            _unsent = default;
            _write.Claim();
        }

        _write.End(true, failure);
    }

    void ILoopEvents.OnHangup()
    {
        // A read finds out.
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            _socket.Close();
            var closed = new IOException("the connection was closed", new ObjectDisposedException(nameof(LoopStream)));
            _read.Fail(closed);
            _write.Fail(closed);
        }

        base.Dispose(disposing);
    }

    private async ValueTask ConnectedAsync(CancellationToken cancellation)
    {
        ValueTask connected;
        lock (_write.Lock)
        {
            // Writable when it is connected or has failed, which is reported once.
            _socket.AwaitConnected();
            _socket.Open();
            connected = _write.BeginVoid(cancellation);
        }

        await connected;
        var error = (int)_socket.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error != 0)
            throw new SocketException(error);
    }

    /// <summary>A buffer of no bytes waits until there is something.</summary>
    private bool TryReceive(Memory<byte> buffer, out int count)
    {
        count = 0;
        if (buffer.IsEmpty)
            return _socket.HasReceived();
        var error = _socket.TryReceive(buffer.Span, out count);
        if (error == SocketError.WouldBlock)
            return false;
        if (error != SocketError.Success)
            throw Failure(error);
        return true;
    }

    private bool TrySend(ref ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var error = _socket.TrySend(bytes.Span, out var count);
            bytes = bytes[count..];
            if (error is not (SocketError.Success or SocketError.WouldBlock))
                throw Failure(error);
            if (error == SocketError.WouldBlock && _socket.AwaitSend())
                return false;
        }

        return true;
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref _isClosed) == 1)
            throw new IOException("the connection is closed", new ObjectDisposedException(nameof(LoopStream)));
    }

    private static IOException Failure(SocketError error)
    {
        var cause = new SocketException((int)error);
        return new IOException(cause.Message, cause);
    }

    /// <summary>A read or write that may wait. Guarded by its lock, except for its end.</summary>
    private sealed class Operation<T> : IValueTaskSource<T>, IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<T> _core;
        private CancellationTokenRegistration _registration;

        public Lock Lock { get; } = new();

        public bool IsPending { get; private set; }

        public ValueTask<T> Begin(CancellationToken cancellation)
        {
            Start(cancellation);
            return new(this, _core.Version);
        }

        public ValueTask BeginVoid(CancellationToken cancellation)
        {
            Start(cancellation);
            return new(this, _core.Version);
        }

        /// <summary>Whoever claims it ends it.</summary>
        public void Claim() => IsPending = false;

        public void End(T result, Exception? failure)
        {
            _registration.Unregister();
            if (failure is null)
                _core.SetResult(result);
            else
                _core.SetException(failure);
        }

        /// <summary>Ends it on another thread, if it waits: whoever calls may hold a lock.</summary>
        public void Fail(Exception failure)
        {
            lock (Lock)
            {
                if (!IsPending)
                    return;
                Claim();
            }

            _core.RunContinuationsAsynchronously = true;
            End(default!, failure);
        }

        T IValueTaskSource<T>.GetResult(short token) => _core.GetResult(token);

        void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        private void Start(CancellationToken cancellation)
        {
            if (IsPending)
                throw new InvalidOperationException("another one waits");
            _core.Reset();
            _core.RunContinuationsAsynchronously = false;
            IsPending = true;
            if (cancellation.CanBeCanceled)
                _registration = cancellation.UnsafeRegister(static (operation, token) => ((Operation<T>)operation!).Fail(new OperationCanceledException(token)), this);
        }
    }
}
