namespace IngressController.Features.RateLimiting;

/// <summary>A part of a limiter's keys, with a lock of its own. Everything else here is touched only by who holds it.</summary>
internal sealed class RateLimitShard
{
    /// <summary>Below this a table is not worth shrinking.</summary>
    private const int SmallTable = 64;

    public Lock Lock { get; } = new();

    public Dictionary<RateLimitKey, RateLimitState> States { get; } = [];

    /// <summary>The requests that wait, of each key that has any.</summary>
    public Dictionary<RateLimitKey, RateLimitQueue> Queues { get; } = new(0);

    /// <summary>When idle keys were last looked for.</summary>
    public long Swept { get; set; } = long.MinValue;

    /// <summary>Drops the keys whose state says nothing.</summary>
    /// <returns>How many.</returns>
    public int Sweep_NeedsLock(RateLimitAlgorithm algorithm, long now)
    {
        Swept = now;
        var before = States.Count;
        foreach (var (key, state) in States)
        {
            if (algorithm.IsIdle(state, now))
                States.Remove(key);
        }

        // A dictionary never shrinks by itself, and an attack would have made it large for ever.
        if (States.Capacity > SmallTable && States.Count < States.Capacity / 4)
            States.TrimExcess(Math.Max(SmallTable, States.Count * 2));
        return before - States.Count;
    }
}
