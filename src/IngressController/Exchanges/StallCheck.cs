namespace IngressController.Exchanges;

/// <summary>
/// Tells a client that takes nothing from one with a slow network, for one connection. A response waits for one of three reasons: the client
/// gives its stream no window, so that the connection has nothing to send; the client acknowledges nothing of what was sent; or the network
/// is slow, and then the acknowledged bytes grow. Only the last one is good, as long as it is not slower than the minimum rate.
/// </summary>
/// <param name="limit">The time after which a response that waits is stalled.</param>
/// <param name="minRate">The minimum rate in bytes per second; 0 for none.</param>
/// <param name="time">The clock.</param>
internal sealed class StallCheck(TimeSpan limit, int minRate, TimeProvider time)
{
    /// <summary>More than the kernel, TLS and Kestrel hold for a connection.</summary>
    private const long MaxInBuffers = 5 << 20;

    /// <summary>More than a stream gets before it is the turn of the next one.</summary>
    private const long MaxTurn = 64 << 10;

    /// <summary>A connection may have nothing to send at one moment, right before it sends what waits.</summary>
    private const int MinTicksWithoutOutput = 2;

    private long _acknowledged = -1;
    private long _acknowledgedAt;
    private long _measured;
    private long _measuredAt;
    private bool _hasOutput;
    private bool _isTooSlow;

    /// <summary>Takes what the kernel says. Called at each tick while a response of the connection waits.</summary>
    /// <param name="now">The timestamp.</param>
    /// <param name="progress">Null if nothing is known; then only the time of each wait decides.</param>
    public void Observe(long now, TcpProgress? progress)
    {
        if (progress is not { } tcp)
        {
            Reset();
            return;
        }

        var isFirst = _acknowledged < 0;
        if (tcp.Acknowledged != _acknowledged)
            (_acknowledged, _acknowledgedAt) = (tcp.Acknowledged, now);
        _hasOutput = tcp.IsUnacknowledged;
        if (isFirst || !_hasOutput)
        {
            (_measured, _measuredAt, _isTooSlow) = (tcp.Acknowledged, now, false);
        }
        else if (time.GetElapsedTime(_measuredAt, now) is var elapsed && elapsed >= limit)
        {
            _isTooSlow = tcp.Acknowledged - _measured < minRate * elapsed.TotalSeconds;
            (_measured, _measuredAt) = (tcp.Acknowledged, now);
        }
    }

    /// <summary>Forgets what was observed: no response waits.</summary>
    public void Reset() => _acknowledged = -1;

    /// <summary>True if the client takes nothing of an exchange whose write waits. Called at each tick.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="since">The timestamp since which it waits.</param>
    /// <param name="now">The timestamp.</param>
    /// <param name="waiting">The number of exchanges of the connection that wait.</param>
    public bool IsStalled(Exchange exchange, long since, long now, int waiting)
    {
        ref var wait = ref exchange.Wait;
        if (wait.Since != since)
            wait = new WaitObservation(since, _acknowledged);
        if (!_hasOutput)
            wait.TicksWithoutOutput++;
        if (time.GetElapsedTime(since, now) < limit)
            return false;
        if (_acknowledged < 0 || wait.TicksWithoutOutput >= MinTicksWithoutOutput)
            return true;
        if (_isTooSlow || time.GetElapsedTime(_acknowledgedAt, now) >= limit)
            return true;
        // The connection sends, and this stream would have had its turn.
        return _acknowledged - wait.Acknowledged > MaxInBuffers + waiting * MaxTurn;
    }
}

/// <summary>What was observed while one write waits.</summary>
/// <param name="Since">The timestamp since which it waits.</param>
/// <param name="Acknowledged">The bytes that the client had acknowledged when it was first observed.</param>
internal record struct WaitObservation(long Since, long Acknowledged)
{
    /// <summary>The number of ticks that have seen the connection with nothing to send.</summary>
    public int TicksWithoutOutput { get; set; }
}
