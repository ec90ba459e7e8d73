namespace IngressController.Tests.Leasing;

/// <summary>
/// The clock of one process. It may run fast or slow and show any time of day. While the process is suspended, none of its code runs; when
/// it resumes, everything that is due runs at once, in any order.
/// </summary>
internal sealed class SimulatedClock(SimulatedWorld world, double rate = 1, TimeSpan skew = default) : TimeProvider
{
    private readonly List<Action> _waiting = [];
    private readonly TimeSpan _offset = world.Between(0, 1_000_000);
    private bool _isSuspended;
    private bool _isDead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public bool IsDead => _isDead;

    public bool IsSuspended => _isSuspended;

    public override long GetTimestamp() => (_offset + (world.Now * rate)).Ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero) + skew + world.Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs an action in the process: at once, when it resumes, or never if it is dead.</summary>
    public void Run(Action action)
    {
        if (_isDead)
            return;
        if (_isSuspended)
            _waiting.Add(action);
        else
            action();
    }

    public void Suspend() => _isSuspended = true;

    public void Resume()
    {
        if (!_isSuspended)
            return;
        _isSuspended = false;
        var due = _waiting.ToArray();
        _waiting.Clear();
        world.Random.Shuffle(due);
        foreach (var action in due)
            Run(action);
    }

    public void Kill()
    {
        _isDead = true;
        _waiting.Clear();
    }

    private sealed class Timer(SimulatedClock clock, Action run) : ITimer
    {
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var version = ++_version;
            if (dueTime != Timeout.InfiniteTimeSpan)
                clock.World.After(dueTime / clock.Rate, () => clock.Run(() => Fire(version)));
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int version)
        {
            if (version == _version)
                run();
        }
    }

    private SimulatedWorld World => world;

    private double Rate => rate;
}
