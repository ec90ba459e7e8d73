using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Leasing;
using IngressController.Pipeline;

namespace IngressController.Leadership;

/// <summary>
/// Takes part in the election of the replica that writes to the API server. Routes, certificates and traffic do not depend on it. It begins
/// when the first revision is live, because a replica that cannot serve has nothing to write.
/// </summary>
/// <remarks>
/// <see cref="LeaderState.Resign"/> begins its shutdown, in parallel to everything else, so that another replica leads at once while this
/// process drains. The host calls <see cref="StopAsync"/> after the proxy's listener has stopped and before the source and the reconcile
/// loop stop; it only waits for the rest.
/// </remarks>
internal sealed partial class LeaderElectionService(
    IngressOptions options, ApiServerConnection connection, LeaderState leader, LeaderTasks tasks, LiveRevision live, TimeProvider time,
    ILogger<LeaderElectionService> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopDeadline = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var election = options.LeaderElection;
        if (!election.Enabled)
        {
            SetNotParticipating("--leader-elect is false");
        }
        else if ((options.Pod.Namespace ?? OwnNamespace()) is not { } ns)
        {
            SetNotParticipating("POD_NAMESPACE is not set, and this is not a Pod; set it to the namespace of the Lease to take part in the leader election");
        }
        else
        {
            var candidate = new LeaderElectorOptions
            {
                Namespace = ns,
                Name = election.LeaseName,
                Identity = leader.Identity,
                Owner = OwnToken() is { } token ? LeaseOwner.OfServiceAccount(token, ns) : null,
                LeaseDuration = election.LeaseDuration,
                RenewDeadline = election.RenewDeadline,
                RetryPeriod = election.RetryPeriod,
            };
            _running = RunAsync(new LeaderElector(LeaseAccess.Of(connection.Kubernetes, ns, candidate.Name), candidate, time, leader.OnNotice));
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        leader.Resign();
        await using var deadline = cancellationToken.Register(_stopDeadline.Cancel);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_running.IsCompleted)
            Log.NotStopped(logger);
    }

    public void Dispose() => _stopDeadline.Dispose();

    /// <summary>
    /// The namespace of the service account; null with a kubeconfig, whose cluster may be any and has no Pod of this process.
    /// </summary>
    private string? OwnNamespace() => UsesServiceAccount ? ApiServerConfiguration.InClusterNamespace() : null;

    private string? OwnToken() => UsesServiceAccount ? ApiServerConfiguration.InClusterToken() : null;

    private bool UsesServiceAccount => string.IsNullOrEmpty(options.Source.Kubeconfig);

    private async Task RunAsync(LeaderElector elector)
    {
        var resigned = leader.Resigned;
        await live.First.WaitAsync(resigned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await elector.RunAsync(term => tasks.LeadAsync(term, resigned, _stopDeadline.Token), resigned);
        }
        catch (Exception error)
        {
            // A bug in the controller, which must not affect traffic.
            Log.ElectionFailed(logger, error);
        }
    }

    private void SetNotParticipating(string reason)
    {
        leader.SetNotParticipating(reason);
        Log.NotParticipating(logger, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "status and Events are not written: {Reason}")]
        public static partial void NotParticipating(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "the leader election failed, and this replica no longer takes part in it. This is a bug in the controller, please report it")]
        public static partial void ElectionFailed(ILogger logger, Exception error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the leader tasks have not ended within the time of the shutdown; another replica leads when the lease has expired")]
        public static partial void NotStopped(ILogger logger);
    }
}
