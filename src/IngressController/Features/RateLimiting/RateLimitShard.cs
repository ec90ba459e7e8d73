namespace IngressController.Features.RateLimiting;

/// <summary>A part of the keys of a limiter, with its own lock, which guards everything else here.</summary>
internal sealed class RateLimitShard
{
    /// <summary>The minimum capacity: smaller tables are not shrunk.</summary>
    private const int MinCapacity = 64;

    public Lock Lock { get; } = new();

    public Dictionary<RateLimitKey, RateLimitState> States { get; } = [];

    /// <summary>The queues of keys with waiting requests.</summary>
    public Dictionary<RateLimitKey, RateLimitQueue> Queues { get; } = new(0);

    /// <summary>The time of the last sweep.</summary>
    public long LastSweep { get; set; } = long.MinValue;

    /// <summary>Removes idle keys.</summary>
    /// <returns>Number of removed keys.</returns>
    public int Sweep_NeedsLock(RateLimitAlgorithm algorithm, long now)
    {
        LastSweep = now;
        var before = States.Count;
        foreach (var (key, state) in States)
        {
            if (algorithm.IsIdle(state, now))
                States.Remove(key);
        }

        // A dictionary never shrinks by itself, and would stay large after an attack.
        if (States.Capacity > MinCapacity && States.Count < States.Capacity / 4)
            States.TrimExcess(Math.Max(MinCapacity, States.Count * 2));
        return before - States.Count;
    }
}
