using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using IngressController.EventLoops;
using IngressController.Exchanges;

namespace IngressController.Upstream.Http1;

/// <summary>
/// A connection of HTTP/1.1 to an endpoint. One request uses it at a time. While it is idle a read waits, which notices its end; the same read
/// gets the beginning of the next response.
/// </summary>
internal sealed class Http1Connection : IValueTaskSource<int>
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int Closed = 2;

    private readonly Stream _stream;
    private readonly Http1Pool _pool;
    private readonly TimeProvider _time;
    private readonly Action _idleReadEnded;
    private ManualResetValueTaskSourceCore<int> _idleRead;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _awaiter;
    private bool _hasIdleRead;
    private int _state = InUse;
    private long _receivesSince;
    private long _sendsSince;
    private long _sentAt;

    public Http1Connection(Stream stream, Http1Pool pool, TimeProvider time)
    {
        (_stream, _pool, _time) = (stream, pool, time);
        _idleReadEnded = EndIdleRead;
        Opened = IdleSince = time.GetTimestamp();
    }

    /// <summary>The loop that serves it; null if none does, or its bytes are encrypted.</summary>
    public EventLoop? Loop => (_stream as LoopStream)?.Loop;

    /// <summary>The head of the current response.</summary>
    public ResponseHead Head { get; } = new();

    /// <summary>The timestamp of its beginning.</summary>
    public long Opened { get; }

    /// <summary>The timestamp of its last request's end.</summary>
    public long IdleSince { get; private set; }

    /// <summary>True if it has served a request before the current one.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>The number of requests that it has served.</summary>
    public int Requests { get; set; }

    /// <summary>True if neither side has sent or taken a byte for too long.</summary>
    public bool HasTimedOut { get; private set; }

    /// <summary>The time limits of the current request; null for the defaults.</summary>
    public TimeLimits? Limits { get; set; }

    /// <summary>True while the client is waited for, because the endpoint need not answer before it has the body.</summary>
    public bool WaitsForClient { get; set; }

    /// <summary>True if it was the client that was waited for when the time was over.</summary>
    public bool WasClientLate { get; private set; }

    /// <summary>True once it cannot be used.</summary>
    public bool IsClosed => Volatile.Read(ref _state) == Closed;

    /// <summary>What was received.</summary>
    public ReceiveBuffer Buffer { get; } = new();

    /// <summary>Takes it from the pool. False if it has ended.</summary>
    public bool TryTake()
    {
        if (Interlocked.CompareExchange(ref _state, InUse, Idle) != Idle)
            return false;
        // What comes before a request is no response to it.
        if (_idleRead.GetStatus(_idleRead.Version) == ValueTaskSourceStatus.Pending)
            return true;
        Abort();
        return false;
    }

    /// <summary>Ends its use by a request that has got a complete response.</summary>
    public void Return() => _pool.Return(this);

    /// <summary>Ends its use by a request without a complete response, or that an endpoint wants to end.</summary>
    public void End()
    {
        Abort();
        // A read may still write into it.
        if (!_hasIdleRead)
            Buffer.Return();
    }

    /// <summary>Waits for its end or for the next request. False if it cannot be used again.</summary>
    public bool TryRelease()
    {
        if (!Buffer.Received.IsEmpty || IsClosed)
            return false;
        Buffer.Resize(isLarge: false);
        WasUsed = true;
        IdleSince = _time.GetTimestamp();
        _idleRead.Reset();
        ConfiguredValueTaskAwaitable<int> read;
        try
        {
#pragma warning disable CA2012 // Its result is taken once, after its end.
            read = _stream.ReadAsync(Buffer.Room()).ConfigureAwait(false);
#pragma warning restore CA2012
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return false;
        }

        _awaiter = read.GetAwaiter();
        _hasIdleRead = true;
        if (Interlocked.CompareExchange(ref _state, Idle, InUse) != InUse)
            return false;
        if (_awaiter.IsCompleted)
            EndIdleRead();
        else
            _awaiter.UnsafeOnCompleted(_idleReadEnded);
        return !IsClosed;
    }

    /// <summary>Receives more bytes. False at the end of the connection.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync()
    {
        Volatile.Write(ref _receivesSince, _time.GetTimestamp());
        int count;
        if (_hasIdleRead)
        {
            _hasIdleRead = false;
            count = await new ValueTask<int>(this, _idleRead.Version);
        }
        else
        {
            count = await _stream.ReadAsync(Buffer.Room());
        }

        Volatile.Write(ref _receivesSince, 0);
        Buffer.Add(count);
        return count > 0;
    }

    /// <summary>Sends bytes.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var write = _stream.WriteAsync(bytes, cancellation);
        return write.IsCompletedSuccessfully ? default : WaitToSendAsync(write);
    }

    /// <summary>The request is sent, or a part of its body: the endpoint has the whole time again.</summary>
    public void RestartTimeout() => Volatile.Write(ref _sentAt, _time.GetTimestamp());

    /// <summary>Ends a connection that is idle or waits for longer than a time. Called now and then.</summary>
    public void Check(long now, TimeSpan idleTimeout, TimeSpan readTimeout)
    {
        if (Volatile.Read(ref _state) == Idle)
        {
            if (_time.GetElapsedTime(IdleSince, now) >= idleTimeout && Interlocked.CompareExchange(ref _state, Closed, Idle) == Idle)
                Dispose();
        }
        else if (WaitsSince(out var isSending) is not 0 and var since && _time.GetElapsedTime(since, now) >= LimitOf(isSending, readTimeout))
        {
            WasClientLate = WaitsForClient;
            HasTimedOut = true;
            Abort();
        }
    }

    /// <summary>Ends it. A read or write that waits fails.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _state, Closed) != Closed)
            Dispose();
    }

    int IValueTaskSource<int>.GetResult(short token) => _idleRead.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _idleRead.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _idleRead.OnCompleted(continuation, state, token, flags);

    private TimeSpan LimitOf(bool isSending, TimeSpan readTimeout) =>
        Limits is not { } limits ? readTimeout
        : isSending ? limits.Send
        // The time of a client has no limit of its own; one for endpoints that is shorter does not mean it.
        : WaitsForClient && limits.Read < readTimeout ? readTimeout
        : limits.Read;

    /// <summary>The timestamp of the last byte in either direction while a request waits for the endpoint; 0 if none does.</summary>
    private long WaitsSince(out bool isSending)
    {
        var sends = Volatile.Read(ref _sendsSince);
        isSending = sends != 0;
        if (isSending)
            return sends;
        var receives = Volatile.Read(ref _receivesSince);
        return receives == 0 ? 0 : Math.Max(receives, Volatile.Read(ref _sentAt));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitToSendAsync(ValueTask write)
    {
        Volatile.Write(ref _sendsSince, _time.GetTimestamp());
        try
        {
            await write;
        }
        finally
        {
            Volatile.Write(ref _sendsSince, 0);
        }
    }

    private void EndIdleRead()
    {
        var count = 0;
        Exception? failure = null;
        try
        {
            count = _awaiter.GetResult();
        }
        catch (Exception error)
        {
            failure = error;
        }

        // The endpoint has closed it, or sent what no request has asked for.
        if (Interlocked.CompareExchange(ref _state, Closed, Idle) == Idle)
        {
            Dispose();
            return;
        }

        if (failure is null)
            _idleRead.SetResult(count);
        else
            _idleRead.SetException(failure);
    }

    /// <summary>Called once, by whoever has closed it.</summary>
    private void Dispose()
    {
        _stream.Dispose();
        _pool.Remove(this);
    }
}
