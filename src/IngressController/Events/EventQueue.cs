using IngressController.Signals;

namespace IngressController.Events;

/// <summary>
/// The Events on their way to the API server. It is bounded by who fills it, who asks for the <see cref="Room"/> and leaves out the rest:
/// what is still wrong then is planned again, so nothing has to be dropped for want of room.
/// </summary>
internal sealed class EventQueue(EventMetrics metrics, TimeProvider time)
{
    /// <summary>At the rate of <see cref="EventWriter.PerSecond"/> half a minute of work: what waits longer may be mended before it is told.</summary>
    public const int Capacity = 250;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<QueuedEvent, (long Ready, long Number)> _queued = new();
    private List<EventOutcome> _outcomes = [];
    private readonly Signal _added = new();
    private readonly Signal _ended = new();
    private long _number;
    private int _inWork;

    public int Room
    {
        get
        {
            lock (_lock)
                return Capacity - _queued.Count - _inWork;
        }
    }

    /// <summary>Completes when a write ends after this was read.</summary>
    public Task NextOutcome => _ended.Next;

    public void Add(IReadOnlyCollection<EventWrite> writes)
    {
        if (writes.Count == 0)
            return;
        lock (_lock)
        {
            foreach (var write in writes)
                _queued.Enqueue(new QueuedEvent(write, Tries: 0), (time.GetTimestamp(), _number++));
            _added.Set();
        }
    }

    /// <summary>The next Event that is ready; waits for one.</summary>
    public async Task<QueuedEvent> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task added;
            var wait = Timeout.InfiniteTimeSpan;
            lock (_lock)
            {
                added = _added.Next;
                if (_queued.TryPeek(out var next, out var place))
                {
                    wait = time.GetElapsedTime(time.GetTimestamp(), place.Ready);
                    if (wait <= TimeSpan.Zero)
                    {
                        _queued.Dequeue();
                        _inWork++;
                        return next;
                    }
                }
            }

            await added.WaitAsync(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A taken Event is tried again later; others go before it meanwhile.</summary>
    public void Return(QueuedEvent taken, TimeSpan after)
    {
        lock (_lock)
        {
            _inWork--;
            _queued.Enqueue(taken, (time.GetTimestamp() + (long)(after.TotalSeconds * time.TimestampFrequency), _number++));
        }
    }

    /// <summary>A taken Event is done with, written or given up.</summary>
    public void End(EventOutcome outcome)
    {
        lock (_lock)
        {
            _inWork--;
            _outcomes.Add(outcome);
            _ended.Set();
        }
    }

    /// <summary>How writes have ended since the last call.</summary>
    public IReadOnlyCollection<EventOutcome> TakeOutcomes()
    {
        lock (_lock)
        {
            var outcomes = _outcomes;
            _outcomes = [];
            metrics.Queued = _queued.Count + _inWork;
            return outcomes;
        }
    }
}

/// <param name="Write">What is to be written.</param>
/// <param name="Tries">How often that was tried.</param>
internal sealed record QueuedEvent(EventWrite Write, int Tries);
