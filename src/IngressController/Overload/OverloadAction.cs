namespace IngressController.Overload;

/// <summary>What the process does when it is short of something: it begins at one pressure and ends at a lower one, so that it does not flap.</summary>
/// <param name="name">The name in metrics and log lines.</param>
/// <param name="begin">The pressure at which it begins; 1 is all of a budget or of the memory.</param>
/// <param name="end">The pressure below which it ends.</param>
internal sealed class OverloadAction(string name, double begin, double end)
{
    private volatile bool _isActive;
    private long _count;

    public string Name => name;

    public double Begin => begin;

    public double End => end;

    public bool IsActive => _isActive;

    /// <summary>What it has ended, closed or refused.</summary>
    public long Count => Volatile.Read(ref _count);

    public void Add(long count) => Interlocked.Add(ref _count, count);

    public void Update(double pressure) => _isActive = pressure >= (_isActive ? end : begin);
}

/// <summary>The actions, in the order in which rising memory begins them.</summary>
internal sealed class OverloadActions
{
    /// <summary>Ends the responses that their clients do not take.</summary>
    public OverloadAction ShedStalled { get; } = new("shed-stalled", 0.8, 0.75);

    /// <summary>Closes connections without requests, and others after their response.</summary>
    public OverloadAction StopKeepAlive { get; } = new("stop-keep-alive", 0.85, 0.75);

    /// <summary>Answers requests with 503.</summary>
    public OverloadAction RefuseRequests { get; } = new("refuse-requests", 0.92, 0.88);

    /// <summary>Closes new connections at once.</summary>
    public OverloadAction StopAccepting { get; } = new("stop-accepting", 0.95, 0.9);

    public IEnumerable<OverloadAction> All => [ShedStalled, StopKeepAlive, RefuseRequests, StopAccepting];
}
