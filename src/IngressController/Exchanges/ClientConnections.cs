using System.Collections.Concurrent;
using IngressController.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Exchanges;

/// <summary>The connections of clients, their exchanges in flight, and the bytes that all of these hold for clients that do not read.</summary>
internal sealed class ClientConnections(TimeProvider time, OverloadOptions options)
{
    /// <summary>As much as clients may leave unread until responses are read from their backends in small pieces.</summary>
    private const long PlentyBytes = 16 << 20;

    private const int LargePiece = 64 << 10;

    /// <summary>
    /// HTTP/2 does not tell which part of a piece a client has taken, so a piece must be small enough for the time in which it is stalled.
    /// </summary>
    private const int MaxHttp2Piece = 32 << 10;

    /// <summary>A block of Kestrel's memory pool.</summary>
    public const int SmallPiece = 4 << 10;

    private readonly ConcurrentDictionary<ClientConnection, bool> _connections = new();
    private readonly long[] _ended = new long[Enum.GetValues<EndReason>().Length];

    /// <summary>As much as one client may leave unread until its responses are read from their backends in small pieces.</summary>
    private readonly long _plentyOfConnection = options.MaxBufferedBytesPerConnection / 2;

    private long _bufferedBytes;

    /// <summary>The clock of all timestamps.</summary>
    public TimeProvider Time => time;

    /// <summary>The bytes of all responses that wait for their clients.</summary>
    public long BufferedBytes => Volatile.Read(ref _bufferedBytes);

    /// <summary>The maximum number of bytes of a response to read from the backend at once, which is what a client that does not read costs.</summary>
    public int MaxPiece => BufferedBytes < PlentyBytes ? LargePiece : SmallPiece;

    /// <summary>The same for one of the many responses that a connection of HTTP/2 can have.</summary>
    public int MaxPieceOf(ClientConnection connection) => connection.BufferedBytes < _plentyOfConnection ? Math.Min(MaxPiece, MaxHttp2Piece) : SmallPiece;

    /// <summary>The open connections.</summary>
    public IEnumerable<ClientConnection> All => _connections.Select(entry => entry.Key);

    /// <summary>The number of exchanges that the proxy ended for a reason.</summary>
    public long Ended(EndReason reason) => Volatile.Read(ref _ended[(int)reason]);

    /// <summary>Begins an exchange. It ends when it is disposed of, before its request ends.</summary>
    public Exchange Begin(HttpContext context) => new(context, context.Features.GetRequiredFeature<ClientConnection>(), this);

    /// <summary>The exchanges with a write that waits, those that have waited longest first, of the same time the largest first.</summary>
    public IReadOnlyList<Exchange> Stalled()
    {
        var stalled = new List<(long Since, long Bytes, Exchange Exchange)>();
        foreach (var (connection, _) in _connections)
        {
            // Read once: they change while the list is sorted.
            connection.ForEach(stalled, static (exchange, list) =>
            {
                if (exchange.StalledSince is not 0 and var since)
                    list.Add((since, exchange.BufferedBytes, exchange));
            });
        }

        stalled.Sort(static (a, b) => a.Since != b.Since ? a.Since.CompareTo(b.Since) : b.Bytes.CompareTo(a.Bytes));
        return [.. stalled.Select(entry => entry.Exchange)];
    }

    /// <summary>Connection middleware. It runs after TLS, if any.</summary>
    public ConnectionDelegate Track(ConnectionDelegate next) => async connection =>
    {
        var client = new ClientConnection(connection, time);
        connection.Features.Set(client);
        _connections[client] = true;
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(client, out _);
        }
    };

    internal void CountEnded(EndReason reason) => Interlocked.Increment(ref _ended[(int)reason]);

    internal void Buffered(long bytes) => Interlocked.Add(ref _bufferedBytes, bytes);
}
