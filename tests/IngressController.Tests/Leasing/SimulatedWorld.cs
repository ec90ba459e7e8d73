namespace IngressController.Tests.Leasing;

/// <summary>
/// Simulated time and its events, on one thread and in an order that a seed decides: hours pass in milliseconds, and a failure is
/// reproducible. No code in it may leave the thread.
/// </summary>
internal sealed class SimulatedWorld(int seed)
{
    private readonly PriorityQueue<Action, (long Due, long Order)> _events = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _order;

    public Random Random { get; } = new(seed);

    public TimeSpan Now { get; private set; }

    /// <summary>Checked after each event.</summary>
    public Action Invariant { get; set; } = static () => { };

    /// <summary>Runs a test on a thread without a context that would move continuations to other threads.</summary>
    public static void Run(int seed, Action<SimulatedWorld> test)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                test(new SimulatedWorld(seed));
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
    }

    public void After(TimeSpan delay, Action action)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            Environment.FailFast($"left the thread of the simulation:\n{Environment.StackTrace}");
        _events.Enqueue(action, (Math.Max((Now + delay).Ticks, Now.Ticks), _order++));
    }

    public void RunFor(TimeSpan duration) => RunUntil(Now + duration);

    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out _, out var next) && next.Due <= end.Ticks)
            Step();
        Now = end;
        Invariant();
    }

    /// <summary>Runs until the condition holds; fails if it does not within the limit.</summary>
    /// <returns>The time that it took.</returns>
    public TimeSpan RunUntil(Func<bool> condition, TimeSpan limit, string what)
    {
        var start = Now;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out var next) || next.Due > (start + limit).Ticks)
                Assert.Fail($"not within {limit}: {what}");
            Step();
        }

        return Now - start;
    }

    public TimeSpan Between(double min, double max) => TimeSpan.FromSeconds(min + ((max - min) * Random.NextDouble()));

    public bool Chance(double probability) => Random.NextDouble() < probability;

    private void Step()
    {
        _events.TryDequeue(out var action, out var due);
        Now = TimeSpan.FromTicks(due.Due);
        action!();
        Invariant();
    }
}
