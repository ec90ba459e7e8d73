using System.Collections.Concurrent;
using System.Net;
using IngressController.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IngressController.Exchanges;

/// <summary>
/// A connection of a client and its exchanges in flight. It is a feature of the connection's requests. Exchanges come and go without a lock:
/// each one takes a free slot.
/// </summary>
internal sealed class ClientConnection(ConnectionContext connection, TimeProvider time)
{
    /// <summary>The maximum number of streams that are refused before their exchange begins. The server may never begin it.</summary>
    private const int MaxRefused = 100;

    private readonly Slots _first = new(4);
    private long _idleSince = time.GetTimestamp();
    private long _closingSince;
    private int _begun;
    private ConcurrentDictionary<int, bool>? _refused;
    private volatile bool _isOver;
    private int _count;
    private long _bufferedBytes;

    /// <summary>The network of the peer.</summary>
    public ClientNetwork Client { get; } = ClientNetwork.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);

    /// <summary>Number of its exchanges in flight.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The bytes of its responses that wait for the client.</summary>
    public long BufferedBytes => Volatile.Read(ref _bufferedBytes);

    /// <summary>True if it was asked to close.</summary>
    public bool IsClosing => ClosingSince is not null;

    /// <summary>The timestamp at which it was asked to close; null if it was not.</summary>
    public long? ClosingSince => Volatile.Read(ref _closingSince) is not 0 and var since ? since : null;

    /// <summary>True if <see cref="EndResponse"/> is called for each response.</summary>
    public bool KnowsEnds { get; set; }

    /// <summary>True if nothing more is sent.</summary>
    public bool IsOver => _isOver;

    /// <summary>What the stall watch observes; null until a response waits. Only the watch uses it.</summary>
    public StallCheck? StallCheck { get; set; }

    /// <summary>Calls a function with each exchange in flight. Those that begin or end meanwhile may be missed.</summary>
    public void ForEach(Action<Exchange> action) => ForEach(action, static (exchange, act) => act(exchange));

    /// <summary>Calls a function with each exchange in flight. Those that begin or end meanwhile may be missed.</summary>
    public void ForEach<TState>(TState state, Action<Exchange, TState> action)
    {
        for (var slots = _first; slots is not null; slots = slots.Next)
        {
            foreach (var exchange in slots.Items)
            {
                if (exchange is not null)
                    action(exchange, state);
            }
        }
    }

    /// <summary>True if it has no exchange; then with the timestamp since which it has none.</summary>
    public bool IsIdle(out long since)
    {
        since = Volatile.Read(ref _idleSince);
        return Count == 0;
    }

    /// <summary>Asks the server to close it as soon as it has no request: at once if it is idle, over HTTP/2 with GOAWAY.</summary>
    public void RequestClose()
    {
        if (Interlocked.CompareExchange(ref _closingSince, Math.Max(1, time.GetTimestamp()), 0) == 0)
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
    }

    /// <summary>Nothing more is sent of the response of an HTTP/2 stream. Called by any thread, and must be short.</summary>
    public void EndResponse(int stream) => Find(stream)?.EndResponse();

    /// <summary>Nothing more is sent of any response.</summary>
    public void EndResponses()
    {
        _isOver = true;
        ForEach(static exchange => exchange.EndResponse());
    }

    /// <summary>What the kernel knows about the bytes sent to the client; null if nothing.</summary>
    public TcpProgress? ReadProgress() => TcpProgress.Of(connection);

    /// <summary>Closes the connection at once, and ends all its exchanges with it.</summary>
    public void Abort(string reason) => connection.Abort(new ConnectionAbortedException(reason));

    /// <summary>
    /// Ends the exchange of an HTTP/2 stream with a body because its request is malformed, or later, when it begins. Returns false if it is
    /// over, or if too many others have not begun.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="opened">The number of streams that the client has opened.</param>
    public bool TryRefuse(int stream, int opened)
    {
        var refused = _refused ?? Interlocked.CompareExchange(ref _refused, new(), null) ?? _refused;
        if (refused.Count == MaxRefused)
            return false;
        // Before the exchanges are read: one that begins now finds itself refused.
        refused[stream] = true;
        if (Find(stream) is { } exchange)
        {
            exchange.TryEnd(EndReason.Malformed);
            return true;
        }

        if (Volatile.Read(ref _begun) < opened)
            return true;
        refused.TryRemove(stream, out _);
        return false;
    }

    private Exchange? Find(int stream)
    {
        for (var slots = _first; slots is not null; slots = slots.Next)
        {
            if (Array.Find(slots.Items, exchange => exchange?.Stream == stream) is { } found)
                return found;
        }

        return null;
    }

    internal void Buffered(long bytes) => Interlocked.Add(ref _bufferedBytes, bytes);

    internal void Add(Exchange exchange)
    {
        Interlocked.Increment(ref _count);
        AddToSlot(exchange);
        Interlocked.Increment(ref _begun);
        if (exchange.Stream != 0 && _refused?.ContainsKey(exchange.Stream) == true)
            exchange.TryEnd(EndReason.Malformed);
    }

    private void AddToSlot(Exchange exchange)
    {
        var slots = _first;
        while (!slots.TryAdd(exchange))
        {
            if (slots.Next is null)
                Interlocked.CompareExchange(ref slots.Next, new Slots(2 * slots.Items.Length), null);
            slots = slots.Next;
        }
    }

    internal void Remove(Exchange exchange)
    {
        _refused?.TryRemove(exchange.Stream, out _);
        for (var slots = _first; slots is not null; slots = slots.Next)
        {
            var index = Array.IndexOf(slots.Items, exchange);
            if (index >= 0)
            {
                Interlocked.Decrement(ref _count);
                Volatile.Write(ref _idleSince, time.GetTimestamp());
                Volatile.Write(ref slots.Items[index], null);
                return;
            }
        }
    }

    /// <summary>Slots, followed by twice as many if these are not enough.</summary>
    private sealed class Slots(int count)
    {
        public readonly Exchange?[] Items = new Exchange?[count];
        public Slots? Next;

        public bool TryAdd(Exchange exchange)
        {
            for (var i = 0; i < Items.Length; i++)
            {
                if (Items[i] is null && Interlocked.CompareExchange(ref Items[i], exchange, null) is null)
                    return true;
            }

            return false;
        }
    }
}
