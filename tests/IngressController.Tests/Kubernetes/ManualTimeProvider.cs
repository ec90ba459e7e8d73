using System.Diagnostics;

namespace IngressController.Tests.Kubernetes;

/// <summary>A clock that moves only in <see cref="Advance"/>, which runs the timers that are due.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>True if timers with a period run again; else each runs once.</summary>
    public bool RepeatsTimers { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        lock (_lock)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Completes when a timer is due within a time, that is, when the code under test sleeps.</summary>
    public async Task TimerAsync(TimeSpan within, TimeSpan limit)
    {
        var start = Stopwatch.GetTimestamp();
        while (!IsDueWithin(within))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < limit, "no timer is set");
            await Task.Delay(1);
        }
    }

    private bool IsDueWithin(TimeSpan within)
    {
        lock (_lock)
            return _timers.Exists(timer => timer.Due is { } due && due <= _now + within);
    }

    public void Advance(TimeSpan by)
    {
        ManualTimer[] due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            foreach (var timer in due)
                timer.Due = RepeatsTimers && timer.Period > TimeSpan.Zero ? _now + timer.Period : null;
        }

        foreach (var timer in due)
            timer.Run();
    }

    private sealed class ManualTimer(ManualTimeProvider clock, Action run) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Run() => run();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
                (Due, Period) = (dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime, period);
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
