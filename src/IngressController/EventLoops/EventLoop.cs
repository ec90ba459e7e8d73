using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace IngressController.EventLoops;

/// <summary>
/// A thread that waits for sockets and runs what follows from their changes. A handler that does not return in time loses the loop: another
/// thread goes on with the next change, and the first one ends after its handler.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const int MaxEvents = 256;

    /// <summary>The bytes that a handler may receive before others have their turn.</summary>
    private const int MaxBytesPerTurn = 256 << 10;

    [ThreadStatic]
    private static EventLoop? t_current;

    private readonly SafeFileHandle _epoll = Epoll.Create();
    private readonly SafeFileHandle _signal = Epoll.CreateSignal();
    private readonly byte[] _events = new byte[MaxEvents * Epoll.EventSize];
    private readonly Lock _lock = new();
    private readonly Action<Exception> _failed;
    // By descriptor.
    private LoopSocket?[] _sockets = new LoopSocket?[64];
    private int _lastTicket;
    private int _count;
    private int _received;
    private int _handled;
    // Twice the number of its thread, and 1 while that runs a handler. The thread owns everything else while it is 0.
    private int _state;
    // Sockets with more to receive than in one turn.
    private readonly ConcurrentQueue<LoopSocket> _deferred = new();
    private int _turnBytes;
    private int _owner;
    private int _turn;
    private int _watchedTurn;
    private bool _isStopped;

    /// <param name="number">Its number, from 0.</param>
    /// <param name="failed">Called with what a handler has thrown, which is a fault of the program.</param>
    public EventLoop(int number, Action<Exception> failed)
    {
        (Number, _failed) = (number, failed);
        Epoll.Watch(_epoll, (int)_signal.DangerousGetHandle(), ticket: 0);
        Start(0);
    }

    /// <summary>The loop whose thread this is; null on other threads.</summary>
    public static EventLoop? Current => t_current;

    public int Number { get; }

    /// <summary>The number of its sockets.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Add(LoopSocket socket)
    {
        var descriptor = (int)socket.Socket.SafeHandle.DangerousGetHandle();
        lock (_lock)
        {
            if (descriptor >= _sockets.Length)
            {
                var larger = new LoopSocket?[Math.Max(descriptor + 1, 2 * _sockets.Length)];
                _sockets.CopyTo(larger, 0);
                Volatile.Write(ref _sockets, larger);
            }

            socket.Ticket = ++_lastTicket;
            Volatile.Write(ref _sockets[descriptor], socket);
        }

        Interlocked.Increment(ref _count);
        Epoll.Watch(_epoll, descriptor, socket.Ticket);
    }

    /// <summary>Called once for each socket, before it is closed, which removes it from the set of epoll.</summary>
    public void Remove(LoopSocket socket)
    {
        var descriptor = (int)socket.Socket.SafeHandle.DangerousGetHandle();
        lock (_lock)
        {
            if (descriptor >= 0 && descriptor < _sockets.Length && _sockets[descriptor] == socket)
                _sockets[descriptor] = null;
        }

        Interlocked.Decrement(ref _count);
    }

    /// <summary>Counts bytes that were received.</summary>
    public void Received(int count)
    {
        if (t_current == this)
            _turnBytes += count;
    }

    /// <summary>
    /// Puts off a socket whose handler has received much, so that one fast transfer does not hold all others. The loop comes back to it. False
    /// elsewhere than on the loop: then nothing waits for it.
    /// </summary>
    public bool TryDefer(LoopSocket socket)
    {
        if (t_current != this || _turnBytes < MaxBytesPerTurn || Volatile.Read(ref _owner) != Environment.CurrentManagedThreadId)
            return false;
        _deferred.Enqueue(socket);
        // Replaced meanwhile: the other thread may wait already.
        if (Volatile.Read(ref _owner) != Environment.CurrentManagedThreadId)
            Epoll.Signal(_signal);
        return true;
    }

    /// <summary>Replaces its thread if a handler has run since the last call. Called now and then. Returns true if it was replaced.</summary>
    public bool Check()
    {
        var (state, turn) = (Volatile.Read(ref _state), Volatile.Read(ref _turn));
        var isHeld = (state & 1) == 1 && turn == _watchedTurn;
        _watchedTurn = turn;
        if (!isHeld || Interlocked.CompareExchange(ref _state, state + 1, state) != state)
            return false;
        Start(state + 1);
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isStopped, true))
            return;
        Epoll.Signal(_signal);
    }

    private void Start(int state) => new Thread(Run) { IsBackground = true, Name = $"event loop {Number}" }.UnsafeStart(state);

    private void Run(object? argument)
    {
        var state = (int)argument!;
        t_current = this;
        Volatile.Write(ref _owner, Environment.CurrentManagedThreadId);
        while (!Volatile.Read(ref _isStopped))
        {
            if (_handled == _received)
            {
                var hasDeferred = _deferred.TryDequeue(out var deferred);
                if (hasDeferred && !TryHandle(deferred!, deferred!.Deferred, state))
                    return;
                (_received, _handled) = (Epoll.Wait(_epoll, _events, waits: !hasDeferred), 0);
                continue;
            }

            var (changes, descriptor, ticket) = Epoll.Read(_events, _handled++);
            var sockets = Volatile.Read(ref _sockets);
            // A change of a socket that was closed since is not one of the next socket with its descriptor.
            if (descriptor >= sockets.Length || Volatile.Read(ref sockets[descriptor]) is not { } socket || socket.Ticket != ticket)
                continue;
            if (!TryHandle(socket, changes, state))
                return;
        }

        _epoll.Dispose();
        _signal.Dispose();
    }

    /// <summary>Runs a handler. False if another thread has the loop now.</summary>
    private bool TryHandle(LoopSocket socket, uint changes, int state)
    {
        _turn++;
        _turnBytes = 0;
        Volatile.Write(ref _state, state | 1);
        try
        {
            socket.Handle(changes);
        }
        catch (Exception error)
        {
            _failed(error);
        }

        return Interlocked.CompareExchange(ref _state, state, state | 1) == (state | 1);
    }
}
