namespace IngressController.Features.BasicAuthentication;

/// <summary>Limits for password verification. The defaults suit a Pod of any size.</summary>
internal sealed record BasicAuthenticationOptions
{
    /// <summary>
    /// Number of threads that verify passwords. The default is half of the cores, at least 1, so that guessing does not stop proxying.
    /// </summary>
    public int Workers { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>The maximum number of pending verifications of all routes.</summary>
    public int MaxPending { get; init; } = 256;

    /// <summary>The maximum number per set of users, so that an attack on one tenant leaves room for others.</summary>
    public int MaxPendingPerSet { get; init; } = 64;

    /// <summary>The maximum number per client and set of users, so that a guessing client leaves room for others.</summary>
    public int MaxPendingPerClient { get; init; } = 16;

    /// <summary>The maximum number of cached accepted logins, and of cached rejected logins.</summary>
    public int CacheCapacity { get; init; } = 10_000;

    /// <summary>The time for which an accepted login is cached.</summary>
    public TimeSpan AcceptedLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The time for which a rejected login is cached. Short: it only helps clients that repeat a password, and guessing clients do not.
    /// </summary>
    public TimeSpan RejectedLifetime { get; init; } = TimeSpan.FromSeconds(10);
}
