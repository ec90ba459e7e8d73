namespace IngressController.Signals;

/// <summary>
/// Limits the log to one line per second for each failing endpoint of a route. With a line per request, a dead backend under load would
/// fill the disk and hide other messages. The table has a fixed size; endpoints in the same slot share its line.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">The logger of the lines. It gets a line with the number of those that no later line has counted.</param>
internal sealed partial class FailureLogLimit(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Slot[] _slots = new Slot[1024];
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private bool _isSumDue;

    /// <summary>True if a failure must be logged now.</summary>
    /// <param name="key">The hash code of the failing endpoint and its route.</param>
    /// <param name="suppressed">Number of failures that were not logged since the last one that was.</param>
    public bool TryTake(int key, out long suppressed)
    {
        ref var slot = ref _slots[(uint)key % (uint)_slots.Length];
        var now = time.GetTimestamp();
        lock (_lock)
        {
            suppressed = slot.Suppressed;
            if (slot.IsUsed && time.GetElapsedTime(slot.Logged, now) < Interval)
            {
                slot.Suppressed++;
                SumLater();
                return false;
            }

            slot = new Slot(IsUsed: true, now, Suppressed: 0);
            return true;
        }
    }

    /// <summary>Twice the interval: while failures go on, their own lines have the number.</summary>
    private void SumLater()
    {
        if (_isSumDue)
            return;
        _isSumDue = true;
        _timer ??= time.CreateTimer(static limit => ((FailureLogLimit)limit!).Sum(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(2 * Interval, Timeout.InfiniteTimeSpan);
    }

    private void Sum()
    {
        var (kinds, sum) = (0, 0L);
        var now = time.GetTimestamp();
        lock (_lock)
        {
            _isSumDue = false;
            foreach (ref var slot in _slots.AsSpan())
            {
                if (slot.Suppressed == 0)
                    continue;
                if (time.GetElapsedTime(slot.Logged, now) < Interval)
                {
                    SumLater();
                    continue;
                }

                (kinds, sum) = (kinds + 1, sum + slot.Suppressed);
                slot.Suppressed = 0;
            }
        }

        if (sum > 0)
            Log.Suppressed(logger, sum, kinds);
    }

    private record struct Slot(bool IsUsed, long Logged, long Suppressed);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} more failures of {Kinds} kinds were not logged: at most one of each kind is in a second")]
        public static partial void Suppressed(ILogger logger, long count, int kinds);
    }
}
