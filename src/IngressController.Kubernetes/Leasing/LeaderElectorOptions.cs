using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>The Lease of an election, the identity of the candidate, and the durations. The defaults are client-go's.</summary>
public sealed record LeaderElectorOptions
{
    /// <summary>The namespace of the Lease.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name of the Lease, which is created if it does not exist.</summary>
    public required string Name { get; init; }

    /// <summary>The identity of this candidate; no other candidate, nor a former run of this one, may have the same.</summary>
    public required string Identity { get; init; }

    /// <summary>
    /// The owner of a Lease that this candidate creates, with which the garbage collector deletes it; null for none. It must be in the
    /// namespace of the Lease.
    /// </summary>
    public V1OwnerReference? Owner { get; init; }

    /// <summary>The time that others wait after the last renewal they saw. Written in whole seconds, rounded up. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The time that the leader leads after it sent its last successful renewal. Default 10 s.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two renewals; candidates wait up to 2.2 times as long. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The minimum time between two attempts after a second 403 in a row: permissions are granted by people, who then expect a leader soon.
    /// Default 4 s.
    /// </summary>
    public TimeSpan ForbiddenRetryPeriod { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The maximum time for which a Retry-After of the API server is respected.</summary>
    internal static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>Maximum extra wait of a candidate as a factor of <see cref="RetryPeriod"/>, so that not all ask at once.</summary>
    internal const double JitterFactor = 1.2;

    /// <summary>The timeout of a request, which leaves time for another request before the deadline.</summary>
    internal TimeSpan RequestTimeout => RenewDeadline / 2;

    /// <exception cref="ArgumentException">The durations would allow two leaders at a time, or no renewal.</exception>
    internal void Validate()
    {
        if (LeaseDuration <= RenewDeadline)
            throw new ArgumentException($"the lease duration ({LeaseDuration}) must be longer than the renew deadline ({RenewDeadline})");
        if (RenewDeadline <= RetryPeriod * JitterFactor || RetryPeriod <= TimeSpan.Zero)
            throw new ArgumentException($"the renew deadline ({RenewDeadline}) must be longer than {JitterFactor} times the retry period ({RetryPeriod})");
    }
}
