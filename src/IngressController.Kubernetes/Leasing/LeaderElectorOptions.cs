using k8s.Models;

namespace IngressController.Kubernetes.Leasing;

/// <summary>Which Lease is contended for, by whom, and how fast. The defaults are client-go's.</summary>
public sealed record LeaderElectorOptions
{
    /// <summary>The namespace of the Lease.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name of the Lease. It is created when there is none.</summary>
    public required string Name { get; init; }

    /// <summary>Who this candidate is; no other candidate, nor a former run of this one, may have the same.</summary>
    public required string Identity { get; init; }

    /// <summary>With whom the garbage collector deletes a Lease that this candidate has created; null for no one. It must live in the namespace of the Lease.</summary>
    public V1OwnerReference? Owner { get; init; }

    /// <summary>How long others wait after the last renewal they saw. Written in whole seconds, rounded up. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after the sending of its last successful renewal the leader leads. Default 10 s.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between two renewals; candidates wait up to 2.2 times as long. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The time between two tries after a second 403 in a row: permissions are granted by people. Default 30 s.</summary>
    public TimeSpan ForbiddenRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than <see cref="RetryPeriod"/> a candidate waits at most, as a factor, so that not all come at once.</summary>
    internal const double JitterFactor = 1.2;

    /// <summary>A request that hangs must leave time for another before the deadline.</summary>
    internal TimeSpan RequestTimeout => RenewDeadline / 2;

    /// <exception cref="ArgumentException">The durations would let two lead at a time, or never let one renew.</exception>
    internal void Validate()
    {
        if (LeaseDuration <= RenewDeadline)
            throw new ArgumentException($"the lease duration ({LeaseDuration}) must be longer than the renew deadline ({RenewDeadline})");
        if (RenewDeadline <= RetryPeriod * JitterFactor || RetryPeriod <= TimeSpan.Zero)
            throw new ArgumentException($"the renew deadline ({RenewDeadline}) must be longer than {JitterFactor} times the retry period ({RetryPeriod})");
    }
}
