using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Exchanges;

/// <summary>
/// A request in flight and its response, as far as the proxy can end them: what it holds for the client, and since when the client has taken
/// nothing. One request writes to it, and any thread reads or ends it.
/// </summary>
internal sealed class Exchange : IDisposable
{
    private const int IsLive = 0;
    private const int IsEnding = 1;
    private const int IsOver = 2;

    private readonly ClientConnections _all;
    private HttpContext? _context;
    private int _state;
    private int _endReason;
    private long _bufferedBytes;
    private long _stalledSince;

    internal Exchange(HttpContext context, ClientConnection connection, ClientConnections all)
    {
        _context = context;
        _all = all;
        Connection = connection;
        connection.Add(this);
    }

    /// <summary>The connection of the client.</summary>
    public ClientConnection Connection { get; }

    /// <summary>The bytes of the response that wait for the client; 0 if no write waits.</summary>
    public long BufferedBytes => Volatile.Read(ref _bufferedBytes);

    /// <summary>The timestamp since which a write waits for the client; 0 if none does.</summary>
    public long StalledSince => Volatile.Read(ref _stalledSince);

    /// <summary>The reason why the proxy has ended it.</summary>
    public EndReason EndReason => (EndReason)Volatile.Read(ref _endReason);

    /// <summary>The maximum number of bytes to read from the backend at once.</summary>
    public int MaxPiece => _all.MaxPiece;

    /// <summary>A write waits until the client takes bytes.</summary>
    /// <param name="bytes">The bytes that are held meanwhile.</param>
    public void WriteWaits(int bytes)
    {
        Volatile.Write(ref _bufferedBytes, bytes);
        Volatile.Write(ref _stalledSince, Math.Max(1, _all.Time.GetTimestamp()));
        _all.Buffered(bytes);
    }

    /// <summary>The write that waited has ended. Without one, nothing happens.</summary>
    public void WriteEnded()
    {
        if (_stalledSince == 0)
            return;
        _all.Buffered(-_bufferedBytes);
        Volatile.Write(ref _stalledSince, 0);
        Volatile.Write(ref _bufferedBytes, 0);
    }

    /// <summary>
    /// Ends it: resets the stream of HTTP/2, or closes the connection of HTTP/1.1. Returns false if it has ended already. What belongs to it
    /// is released shortly afterwards, when its request notices.
    /// </summary>
    public bool TryEnd(EndReason reason)
    {
        if (Interlocked.CompareExchange(ref _state, IsEnding, IsLive) != IsLive)
            return false;
        try
        {
            Volatile.Write(ref _endReason, (int)reason);
            if (_context!.Features.Get<IHttpResetFeature>() is { } stream)
                stream.Reset(reason == EndReason.Shed ? Http2Error.EnhanceYourCalm : Http2Error.Cancel);
            else
                _context.Abort();
        }
        finally
        {
            Volatile.Write(ref _state, IsOver);
        }

        return true;
    }

    /// <summary>
    /// The request has ended. Kestrel reuses its context for another one, so this waits, very shortly, for a thread that is ending it.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, IsOver, IsLive) == IsEnding)
            SpinWait.SpinUntil(() => Volatile.Read(ref _state) == IsOver);
        WriteEnded();
        Connection.Remove(this);
        _context = null;
    }

    /// <summary>Error codes of HTTP/2 (RFC 9113, 7).</summary>
    private static class Http2Error
    {
        public const int Cancel = 8;
        public const int EnhanceYourCalm = 11;
    }
}
