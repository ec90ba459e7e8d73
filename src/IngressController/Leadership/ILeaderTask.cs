namespace IngressController.Leadership;

/// <summary>
/// A task that only the leader runs, because it writes to the API server. It writes through <see cref="LeaderClient"/>, which sends nothing
/// once the lease is lost.
/// </summary>
internal interface ILeaderTask
{
    /// <summary>
    /// Runs while this replica leads; it starts again each time the replica becomes the leader, and after an exception. A task that returns
    /// before <paramref name="lost"/> is cancelled has nothing to do in this term.
    /// </summary>
    /// <param name="lost">
    /// Cancelled when the lease is lost or the process shuts down. The task must not write after that: another replica may already lead.
    /// </param>
    Task RunAsync(CancellationToken lost);

    /// <summary>
    /// Runs last in a process that shuts down as the leader: after <see cref="RunAsync"/> has ended, before the lease is released.
    /// </summary>
    /// <param name="deadline">Cancelled when the lease can no longer be relied on.</param>
    Task FinishAsync(CancellationToken deadline) => Task.CompletedTask;
}
