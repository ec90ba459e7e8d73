using IngressController.Signals;

namespace IngressController.Events;

/// <summary>
/// A queue of Events to be written. The planner bounds it: it plans no more writes than <see cref="Room"/> allows. The next plan includes
/// the rest, so that no Event is dropped because the queue is full.
/// </summary>
internal sealed class EventQueue(EventMetrics metrics, TimeProvider time)
{
    /// <summary>
    /// The maximum number of queued Events: about 25 s at <see cref="EventWriter.PerSecond"/>. A problem that waits longer may be fixed
    /// before its Event is written.
    /// </summary>
    public const int Capacity = 250;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<QueuedEvent, (long Ready, long Number)> _queued = new();
    private List<EventOutcome> _outcomes = [];
    private readonly Signal _added = new();
    private readonly Signal _completed = new();
    private long _number;
    private int _inFlight;

    public int Room
    {
        get
        {
            lock (_lock)
                return Capacity - _queued.Count - _inFlight;
        }
    }

    /// <summary>Completes when the next write ends.</summary>
    public Task NextOutcome => _completed.Next;

    public void Add(IReadOnlyCollection<EventWrite> writes)
    {
        if (writes.Count == 0)
            return;
        lock (_lock)
        {
            foreach (var write in writes)
                _queued.Enqueue(new QueuedEvent(write, Attempts: 0), (time.GetTimestamp(), _number++));
            _added.Set();
        }
    }

    /// <summary>Takes the next Event that is ready, and waits for one if there is none.</summary>
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
                        _inFlight++;
                        return next;
                    }
                }
            }

            await added.WaitAsync(wait, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Returns a taken Event to the queue, to be retried after a delay. Other Events are taken meanwhile.</summary>
    public void Retry(QueuedEvent taken, TimeSpan delay)
    {
        lock (_lock)
        {
            _inFlight--;
            _queued.Enqueue(taken, (time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency), _number++));
        }
    }

    /// <summary>Completes a taken Event, written or given up.</summary>
    public void Complete(EventOutcome outcome)
    {
        lock (_lock)
        {
            _inFlight--;
            _outcomes.Add(outcome);
            _completed.Set();
        }
    }

    /// <summary>Returns the outcomes of writes since the last call.</summary>
    public IReadOnlyCollection<EventOutcome> TakeOutcomes()
    {
        lock (_lock)
        {
            var outcomes = _outcomes;
            _outcomes = [];
            metrics.Queued = _queued.Count + _inFlight;
            return outcomes;
        }
    }
}

/// <param name="Write">The write.</param>
/// <param name="Attempts">Number of attempts so far.</param>
internal sealed record QueuedEvent(EventWrite Write, int Attempts);
