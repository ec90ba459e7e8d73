using System.Net.Sockets;

namespace IngressController.EventLoops;

/// <summary>
/// A socket whose readiness a loop watches: it is read only when there is something, and written at once. One thread may receive and one
/// may send at a time.
/// </summary>
internal sealed class LoopSocket(Socket socket, EventLoop loop, ILoopEvents events)
{
    private const int NotReady = 0;
    private const int Ready = 1;
    private const int Awaited = 2;

    private int _receiving = NotReady;
    private int _sending = Ready;
    private volatile bool _hasHungUp;

    private delegate int SendBytes<TBytes>(Socket target, TBytes bytes, out SocketError error)
        where TBytes : allows ref struct;

    public Socket Socket => socket;

    public EventLoop Loop => loop;

    /// <summary>The number that its loop knows it by.</summary>
    public int Ticket { get; set; }

    /// <summary>The changes that a handler which was put off has not seen to the end.</summary>
    public uint Deferred => _hasHungUp ? Epoll.Readable | Epoll.PeerClosed : Epoll.Readable;

    /// <summary>False if there is nothing to receive. May be true when there is nothing.</summary>
    public bool CanReceive => Volatile.Read(ref _receiving) == Ready;

    /// <summary>Begins to watch it. The socket does not block.</summary>
    public void Open() => loop.Add(this);

    /// <summary>Stops to watch it, and closes it.</summary>
    public void Close()
    {
        loop.Remove(this);
        socket.Dispose();
    }

    /// <summary>Receives what is there. <see cref="SocketError.WouldBlock"/> if there is nothing; 0 bytes at the end.</summary>
    public SocketError TryReceive(Span<byte> buffer, out int count) => TryReceive(buffer, SocketFlags.None, out count);

    /// <summary>True if there is something to receive, or nothing more comes.</summary>
    public bool HasReceived() => TryReceive(stackalloc byte[1], SocketFlags.Peek, out _) != SocketError.WouldBlock;

    /// <summary>Has a read wait. False if there is something to receive.</summary>
    public bool AwaitReceive() => Interlocked.CompareExchange(ref _receiving, Awaited, NotReady) != Ready;

    /// <summary>Sends as much as there is room for.</summary>
    public SocketError TrySend(ReadOnlySpan<byte> bytes, out int count) =>
        TrySend(bytes, static (Socket target, ReadOnlySpan<byte> content, out SocketError error) => target.Send(content, SocketFlags.None, out error), out count);

    /// <summary>Sends as much as there is room for.</summary>
    public SocketError TrySend(IList<ArraySegment<byte>> bytes, out int count) =>
        TrySend(bytes, static (Socket target, IList<ArraySegment<byte>> content, out SocketError error) => target.Send(content, SocketFlags.None, out error), out count);

    /// <summary>Has a write wait, after one that did not send all. False if there is room again.</summary>
    public bool AwaitSend() => Interlocked.CompareExchange(ref _sending, Awaited, NotReady) != Ready;

    /// <summary>Has a write wait until the socket is connected, or is not. Before it is watched.</summary>
    public void AwaitConnected() => _sending = Awaited;

    /// <summary>Called by the loop.</summary>
    public void Handle(uint changes)
    {
        var isOver = (changes & (Epoll.Failed | Epoll.HungUp | Epoll.PeerClosed)) != 0;
        var isRead = false;
        if (isOver)
            _hasHungUp = true;
        if (isOver || (changes & Epoll.Readable) != 0)
            isRead = Interlocked.Exchange(ref _receiving, Ready) == Awaited;
        // The bytes before the end come first.
        if (isRead)
            events.OnReadable();
        if (isOver)
            events.OnHangup();
        if ((changes & (Epoll.Writable | Epoll.Failed | Epoll.HungUp)) != 0 && Volatile.Read(ref _sending) != Ready && Interlocked.Exchange(ref _sending, Ready) == Awaited)
            events.OnWritable();
    }

    private SocketError TryReceive(Span<byte> buffer, SocketFlags flags, out int count)
    {
        count = 0;
        if (!CanReceive)
            return SocketError.WouldBlock;
        // Before the system call: what arrives after it makes it ready again.
        Interlocked.Exchange(ref _receiving, NotReady);
        if (loop.TryDefer(this))
            return SocketError.WouldBlock;
        SocketError error;
        try
        {
            count = socket.Receive(buffer, flags, out error);
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
        }

        loop.Received(count);
        // A buffer that is not full was everything, unless the end follows, which is reported once.
        if (error != SocketError.WouldBlock && (error != SocketError.Success || count == buffer.Length || _hasHungUp))
            Volatile.Write(ref _receiving, Ready);
        return error;
    }

    private SocketError TrySend<TBytes>(TBytes bytes, SendBytes<TBytes> send, out int count)
        where TBytes : allows ref struct
    {
        Interlocked.Exchange(ref _sending, NotReady);
        try
        {
            count = send(socket, bytes, out var error);
            return error;
        }
        catch (ObjectDisposedException)
        {
            count = 0;
            return SocketError.OperationAborted;
        }
    }
}
