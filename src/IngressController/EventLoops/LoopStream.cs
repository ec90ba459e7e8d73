using System.Net;
using System.Net.Sockets;
using IngressController.Http;

namespace IngressController.EventLoops;

/// <summary>A connection to an endpoint on a loop. One read and one write may wait at a time.</summary>
internal sealed class LoopStream : TwoWayStream, ILoopEvents
{
    private readonly LoopSocket _socket;
    private readonly LoopOperation<int> _read = new();
    private readonly LoopOperation<bool> _write = new();
    private Memory<byte> _room;
    private ReadOnlyMemory<byte> _unsent;
    private int _isClosed;

    private LoopStream(Socket socket, EventLoop loop) => _socket = new LoopSocket(socket, loop, this);

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
}
