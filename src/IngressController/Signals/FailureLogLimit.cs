using System.Runtime.InteropServices;

namespace IngressController.Signals;

/// <summary>
/// Limits the log to one line per second for each failing endpoint of a route. With a line per request, a dead backend under load would
/// fill the disk and hide other messages. The number of kinds is limited; those beyond it share a line.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">The logger of the lines. It gets a line with the number of those that no later line has counted.</param>
internal sealed partial class FailureLogLimit(TimeProvider time, ILogger logger)
{
    private const int MaxKinds = 1024;

    private const int Others = 0;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, Kind> _kinds = [];
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private long _removedAt;
    private bool _isSumDue;

    /// <summary>True if a failure must be logged now.</summary>
    /// <param name="key">The hash code of the failing endpoint and its route.</param>
    /// <param name="suppressed">Number of failures that were not logged since the last one that was.</param>
    public bool TryTake(int key, out long suppressed)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            ref var kind = ref CollectionsMarshal.GetValueRefOrAddDefault(_kinds, HasPlaceFor(key, now) ? key : Others, out var isKnown);
            suppressed = kind.Suppressed;
            if (isKnown && time.GetElapsedTime(kind.Logged, now) < Interval)
            {
                kind.Suppressed++;
                SumLater();
                return false;
            }

            kind = new Kind(now, Suppressed: 0);
            return true;
        }
    }

    private bool HasPlaceFor(int key, long now)
    {
        if (_kinds.Count < MaxKinds || _kinds.ContainsKey(key))
            return true;
        if (time.GetElapsedTime(_removedAt, now) < Interval)
            return false;
        _removedAt = now;
        foreach (var (known, kind) in _kinds)
        {
            if (kind.Suppressed == 0 && time.GetElapsedTime(kind.Logged, now) >= Interval)
                _kinds.Remove(known);
        }

        return _kinds.Count < MaxKinds;
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
            foreach (var (key, kind) in _kinds)
            {
                if (kind.Suppressed == 0)
                    continue;
                if (time.GetElapsedTime(kind.Logged, now) < Interval)
                {
                    SumLater();
                    continue;
                }

                (kinds, sum) = (kinds + 1, sum + kind.Suppressed);
                _kinds.Remove(key);
            }
        }

        if (sum > 0)
            Log.Suppressed(logger, sum, kinds);
    }

    private record struct Kind(long Logged, long Suppressed);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} more failures of {Kinds} kinds were not logged: at most one of each kind is in a second")]
        public static partial void Suppressed(ILogger logger, long count, int kinds);
    }
}
