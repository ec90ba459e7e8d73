namespace IngressController.Features.BasicAuthentication;

/// <summary>Bounds of what passwords may cost. The defaults suit a pod of any size.</summary>
internal sealed record BasicAuthenticationOptions
{
    /// <summary>Threads that verify passwords. Half the cores: proxying goes on whatever is guessed.</summary>
    public int Workers { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How many verifications may wait or run, of all protected routes.</summary>
    public int PendingLimit { get; init; } = 256;

    /// <summary>How many of one set of users: an attack on one tenant leaves room for the others.</summary>
    public int PendingLimitPerSet { get; init; } = 64;

    /// <summary>How many of one client at one set of users: who guesses leaves room for those who log in.</summary>
    public int PendingLimitPerClient { get; init; } = 16;

    /// <summary>How many accepted, and again how many rejected, logins are remembered.</summary>
    public int CacheCapacity { get; init; } = 10_000;

    public TimeSpan AcceptedLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Short: it only helps a client that repeats itself; who guesses never sends the same twice.</summary>
    public TimeSpan RejectedLifetime { get; init; } = TimeSpan.FromSeconds(10);
}
