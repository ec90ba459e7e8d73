using IngressController.Http2;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Exchanges;

/// <summary>
/// A request in flight and its response, as far as the proxy can end them: what it holds for the client, and since when the client has taken
/// nothing. One request writes to it, and any thread reads or ends it.
/// </summary>
internal sealed class Exchange : IDisposable
{
    /// <summary>A client that takes longer for a piece gets small ones.</summary>
    private static readonly TimeSpan SlowPiece = TimeSpan.FromSeconds(1);

    /// <summary>What a connection of HTTP/1.1 holds when a write to it waits: Kestrel's default for MaxResponseBufferSize.</summary>
    private const int Http1Buffer = 64 << 10;

    private const int IsLive = 0;
    private const int IsEnding = 1;
    private const int IsOver = 2;

    private static readonly TaskCompletionSource IsSent = new();

    private readonly ClientConnections _all;
    private readonly bool _isHttp2;
    private bool _isSlow;
    private HttpContext? _context;
    private int _state;
    private TaskCompletionSource? _sent;
    private WaitObservation _wait;
    private int _endReason;
    private long _bufferedBytes;
    private long _stalledSince;

    internal Exchange(HttpContext context, ClientConnection connection, ClientConnections all)
    {
        _context = context;
        _all = all;
        _isHttp2 = HttpProtocol.IsHttp2(context.Request.Protocol);
        Connection = connection;
        if (_isHttp2)
            Stream = context.Features.Get<IHttp2StreamIdFeature>()?.StreamId ?? 0;
        connection.Add(this);
    }

    /// <summary>The connection of the client.</summary>
    public ClientConnection Connection { get; }

    /// <summary>The stream of HTTP/2; 0 for others.</summary>
    public int Stream { get; }

    /// <summary>The bytes of the response that wait for the client; 0 if no write waits.</summary>
    public long BufferedBytes => Volatile.Read(ref _bufferedBytes);

    /// <summary>The timestamp since which a write waits for the client; 0 if none does.</summary>
    public long StalledSince => Volatile.Read(ref _stalledSince);

    /// <summary>The reason why the proxy has ended it.</summary>
    public EndReason EndReason => (EndReason)Volatile.Read(ref _endReason);

    /// <summary>What the stall watch has observed of it. Only the watch uses it.</summary>
    public ref WaitObservation Wait => ref _wait;

    /// <summary>The body of its request, if its rate is measured.</summary>
    public TimedBody? Body { get; private set; }

    /// <summary>The time limits of its request; null if its route has none of its own, or the connection to the endpoint knows them.</summary>
    public RequestTimer? Timer { get; set; }

    /// <summary>The maximum number of bytes to read from the backend at once.</summary>
    public int MaxPiece => _isSlow ? ClientConnections.SmallPiece : _isHttp2 ? _all.MaxPieceOf(Connection) : _all.MaxPiece;

    /// <summary>
    /// Measures the rate of the body. Kestrel does so for all streams of an HTTP/2 connection together, and ends all of them. It replies 408
    /// to HTTP/1.1, which is left to it. A gRPC call is open while its client has nothing to say.
    /// </summary>
    public Stream Measure(Stream body)
    {
        if (!_isHttp2 || _context is not { } context || context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is not { } kestrel)
            return body;
        kestrel.MinDataRate = null;
        return context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? body : Body = new TimedBody(body, _all.Time);
    }

    /// <summary>A write waits until the client takes bytes.</summary>
    /// <param name="bytes">The bytes of the write, which are held meanwhile.</param>
    public void WriteWaits(int bytes)
    {
        if (!_isHttp2)
            bytes += Http1Buffer;
        Volatile.Write(ref _bufferedBytes, bytes);
        Volatile.Write(ref _stalledSince, Math.Max(1, _all.Time.GetTimestamp()));
        Buffered(bytes);
    }

    /// <summary>The write that waited has ended. Without one, nothing happens.</summary>
    public void WriteEnded()
    {
        if (_stalledSince == 0)
            return;
        _isSlow = _all.Time.GetElapsedTime(_stalledSince) >= SlowPiece;
        Buffered(-_bufferedBytes);
        Volatile.Write(ref _stalledSince, 0);
        Volatile.Write(ref _bufferedBytes, 0);
    }

    /// <summary>Counts it as ended for its slow body.</summary>
    public void CountSlowBody() => _all.CountEnded(EndReason.SlowBody);

    /// <summary>Waits for a write to the client.</summary>
    /// <param name="write">The write.</param>
    /// <param name="bytes">Its bytes.</param>
    public Task WaitAsync(ValueTask write, int bytes) => write.IsCompletedSuccessfully ? Task.CompletedTask : WaitForClientAsync(write, bytes);

    /// <summary>
    /// Completes a response of HTTP/2, and waits until the client has the window for the last of it. Kestrel takes a small response, or the
    /// last bytes of a large one, at once, and holds them as long as the client lets it.
    /// </summary>
    public async Task SendEndAsync()
    {
        if (!Connection.KnowsEnds || _state != IsLive || _context is not { } context || context.RequestAborted.IsCancellationRequested)
            return;
        await context.Response.CompleteAsync();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // From here on the end of the response is reported, and that of the connection after it is marked.
        if (Interlocked.CompareExchange(ref _sent, sent, null) is not null || Connection.IsOver)
            return;
        WriteWaits(ClientConnections.SmallPiece);
        await sent.Task;
        WriteEnded();
    }

    /// <summary>Nothing more is sent of the response of HTTP/2. Called by any thread.</summary>
    public void EndResponse() => Interlocked.Exchange(ref _sent, IsSent)?.TrySetResult();

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
            _all.CountEnded(reason);
            if (_context!.Features.Get<IHttpResetFeature>() is { } stream)
                stream.Reset(reason switch { EndReason.Shed => Http2ErrorCode.EnhanceYourCalm, EndReason.Malformed => Http2ErrorCode.ProtocolError, _ => Http2ErrorCode.Cancel });
            else
                _context.Abort();
        }
        finally
        {
            Volatile.Write(ref _state, IsOver);
            EndResponse();
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
        Timer?.Dispose();
        Connection.Remove(this);
        _context = null;
    }

    private void Buffered(long bytes)
    {
        _all.Buffered(bytes);
        Connection.Buffered(bytes);
    }

    private async Task WaitForClientAsync(ValueTask write, int bytes)
    {
        WriteWaits(bytes);
        try
        {
            await write;
        }
        finally
        {
            WriteEnded();
        }
    }
}
