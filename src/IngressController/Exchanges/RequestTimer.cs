using System.Runtime.CompilerServices;

namespace IngressController.Exchanges;

/// <summary>What a time limit has ended.</summary>
internal enum TimeoutCause
{
    /// <summary>No limit has passed.</summary>
    None,

    /// <summary>The attempt: the endpoint was idle, or slower than an attempt may be.</summary>
    Attempt,

    /// <summary>The attempt, because the client did not send the body.</summary>
    Client,

    /// <summary>The request, with all its attempts.</summary>
    Request,
}

/// <summary>
/// The time limits of one request on a route that has limits of its own: in total, of each attempt, and of idle times if the HTTP client sends it.
/// Progress only writes timestamps; one timer looks at them when the next limit can have passed.
/// </summary>
internal sealed class RequestTimer : IDisposable
{
    /// <summary>The timers of messages that the HTTP client sends. Their options would be allocated to look for one.</summary>
    private static readonly ConditionalWeakTable<HttpRequestMessage, RequestTimer> OfMessages = [];

    private const int IsEndpoint = 0;
    private const int IsSending = 1;
    private const int IsClient = 2;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _clientLimit;
    private readonly ITimer _timer;
    private readonly long _begun;
    private readonly long[] _since = new long[3];
    private TimeLimits _limits;
    private CancellationTokenSource? _attempt;
    private long _attemptBegun;
    private long _progress;
    private bool _watchesIdle;
    private bool _isTunnel;
    private volatile bool _hasHead;

    /// <param name="limits">The limits.</param>
    /// <param name="clientLimit">The time for a client to send a part of the body.</param>
    /// <param name="time">The clock.</param>
    public RequestTimer(TimeLimits limits, TimeSpan clientLimit, TimeProvider time)
    {
        (_limits, _clientLimit, _time) = (limits, limits.Read > clientLimit ? limits.Read : clientLimit, time);
        _begun = time.GetTimestamp();
        _timer = time.CreateTimer(static timer => ((RequestTimer)timer!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The limit that has passed in the current attempt, or for the whole request.</summary>
    public TimeoutCause Cause { get; private set; }

    /// <summary>The timer of a message; null if it has none.</summary>
    public static RequestTimer? Of(HttpRequestMessage message) => OfMessages.TryGetValue(message, out var timer) ? timer : null;

    /// <summary>Becomes the timer of a message.</summary>
    public void Watch(HttpRequestMessage message) => OfMessages.AddOrUpdate(message, this);

    /// <summary>The time limit for a connection.</summary>
    public TimeSpan ConnectLimit => _limits.Connect;

    /// <summary>The time that is left for the request; null if it has no limit in total.</summary>
    public TimeSpan? Left => _limits.Total is { } total ? total - _time.GetElapsedTime(_begun) : null;

    /// <summary>Begins an attempt, which ends when the result is canceled.</summary>
    /// <param name="watchesIdle">True if idle times are reported here.</param>
    public CancellationToken BeginAttempt(bool watchesIdle)
    {
        lock (_lock)
        {
            _attempt?.Dispose();
            _attempt = new CancellationTokenSource();
            _attemptBegun = _time.GetTimestamp();
            _hasHead = false;
            _watchesIdle = watchesIdle;
            Array.Clear(_since);
            if (Cause != TimeoutCause.Request)
                Cause = TimeoutCause.None;
        }

        Check();
        return _attempt.Token;
    }

    /// <summary>The head of the request was sent; the endpoint has to respond.</summary>
    public void HeadSent() => Begin(IsEndpoint);

    /// <summary>The head of the response has come.</summary>
    public void HeadCame()
    {
        _hasHead = true;
        End(IsEndpoint);
    }

    /// <summary>Bytes of the endpoint are waited for.</summary>
    public void EndpointWaits() => Begin(IsEndpoint);

    /// <summary>Bytes of the endpoint have come, or their end.</summary>
    public void EndpointCame() => End(IsEndpoint);

    /// <summary>Bytes of the client are waited for: the endpoint has accepted those before.</summary>
    public void ClientWaits()
    {
        End(IsSending);
        Begin(IsClient);
    }

    /// <summary>Bytes of the client have come, and wait for the endpoint.</summary>
    public void ClientCame()
    {
        End(IsClient);
        Begin(IsSending);
    }

    /// <summary>No more comes from the client, or is sent.</summary>
    public void ClientEnded()
    {
        End(IsClient);
        End(IsSending);
    }

    /// <summary>The protocol was switched: bytes pass in both directions, without an end that would be late.</summary>
    public void BeginTunnel()
    {
        lock (_lock)
            (_isTunnel, _limits) = (true, _limits.ForStreams);
        HeadCame();
        Begin(IsEndpoint);
        Check();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _timer.Dispose();
            _attempt?.Dispose();
            _attempt = null;
        }
    }

    private void Begin(int wait)
    {
        var now = Math.Max(1, _time.GetTimestamp());
        Volatile.Write(ref _progress, now);
        Volatile.Write(ref _since[wait], now);
    }

    private void End(int wait)
    {
        Volatile.Write(ref _progress, Math.Max(1, _time.GetTimestamp()));
        Volatile.Write(ref _since[wait], 0);
    }

    /// <summary>Ends the attempt if a limit has passed, else sets the timer for the next one.</summary>
    private void Check()
    {
        CancellationTokenSource? expired = null;
        lock (_lock)
        {
            if (_attempt is not { IsCancellationRequested: false } attempt)
                return;
            var (cause, left) = Next(_time.GetTimestamp());
            if (left <= TimeSpan.Zero)
            {
                Cause = cause;
                expired = attempt;
            }
            else if (left != TimeSpan.MaxValue)
            {
                // Never early: timers have milliseconds.
                _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        }

        try
        {
            expired?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request has ended meanwhile.
        }
    }

    /// <summary>The limit that passes next, and the time until then.</summary>
    private (TimeoutCause Cause, TimeSpan Left) Next(long now)
    {
        var next = (Cause: TimeoutCause.None, Left: TimeSpan.MaxValue);
        if (_limits.Total is { } total && !_isTunnel)
            Consider(TimeoutCause.Request, total - _time.GetElapsedTime(_begun, now));
        if (_limits.PerTry is { } perTry && !_hasHead)
            Consider(TimeoutCause.Attempt, perTry - _time.GetElapsedTime(_attemptBegun, now));
        if (!_watchesIdle)
            return next;
        // A wait that begins after this look has a whole limit left.
        Consider(TimeoutCause.None, _limits.Read < _limits.Send ? _limits.Read : _limits.Send);
        if (Volatile.Read(ref _since[IsSending]) is not 0 and var sends)
            Consider(TimeoutCause.Attempt, _limits.Send - _time.GetElapsedTime(sends, now));
        else if (Volatile.Read(ref _since[IsClient]) is not 0 and var waits && !_hasHead)
            Consider(TimeoutCause.Client, _clientLimit - _time.GetElapsedTime(waits, now));
        else if (Volatile.Read(ref _since[IsEndpoint]) != 0)
            Consider(TimeoutCause.Attempt, _limits.Read - _time.GetElapsedTime(Volatile.Read(ref _progress), now));
        return next;

        void Consider(TimeoutCause cause, TimeSpan left)
        {
            if (left < next.Left)
                next = (cause, left);
        }
    }
}
