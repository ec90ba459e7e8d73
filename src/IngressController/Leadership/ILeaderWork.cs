namespace IngressController.Leadership;

/// <summary>
/// What only one replica at a time does, because it writes to the API server: through <see cref="LeaderClient"/>, which lets nothing out
/// once the lease is lost.
/// </summary>
internal interface ILeaderWork
{
    /// <summary>
    /// Runs while this replica leads, again from the start each time it becomes the leader, and after an exception. One that returns before
    /// <paramref name="lost"/> has nothing to do in this term.
    /// </summary>
    /// <param name="lost">
    /// Cancelled when the lease is lost or the process ends. Nothing may be written after that: another replica may lead already.
    /// </param>
    Task RunAsync(CancellationToken lost);

    /// <summary>The last work of a process that ends as the leader: after <see cref="RunAsync"/> has ended, before the lease is given back.</summary>
    /// <param name="deadline">Cancelled when the lease can no longer be relied on.</param>
    Task FinishAsync(CancellationToken deadline) => Task.CompletedTask;
}
