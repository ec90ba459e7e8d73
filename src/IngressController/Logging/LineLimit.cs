namespace IngressController.Logging;

/// <summary>
/// Allows a line of one kind, and for as long as more follow within a second each, logs their number once per second in place of them.
/// </summary>
internal sealed partial class LineLimit : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger;
    private readonly LogLevel _level;
    private readonly string _kind;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private bool _isClosed;
    private long _suppressed;

    public LineLimit(ILogger logger, LogLevel level, string kind, TimeProvider time)
    {
        (_logger, _level, _kind) = (logger, level, kind);
        _timer = time.CreateTimer(static limit => ((LineLimit)limit!).EndInterval(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True if a line must be written now. Otherwise it is counted.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                _suppressed++;
                return false;
            }

            _isClosed = true;
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>Logs what has not been logged yet.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        EndInterval();
    }

    private void EndInterval()
    {
        long suppressed;
        lock (_lock)
        {
            (suppressed, _suppressed) = (_suppressed, 0);
            // The number is a line, too, so that the next one is a second away.
            _isClosed = suppressed > 0;
            if (_isClosed)
                _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }

        if (suppressed > 0)
            Log.Suppressed(_logger, _level, suppressed, _kind);
    }

    private static partial class Log
    {
        [LoggerMessage(Message = "{Count} more lines of the kind {Kind} were not logged: at most one is in a second")]
        public static partial void Suppressed(ILogger logger, LogLevel level, long count, string kind);
    }
}
