using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Leasing;
using IngressController.Pipeline;

namespace IngressController.Leadership;

/// <summary>
/// Lets this replica take part in the election of the one that writes to the API server. Routes, certificates and traffic do not depend on
/// it. It begins when the first revision is live: a replica that cannot serve has nothing to write.
/// </summary>
/// <remarks>
/// <see cref="LeaderState.Resign"/> begins its end. That happens when the process is told to end and at the side of everything else, so
/// that a successor leads at once while this process still drains; <see cref="StopAsync"/>, which the host calls after the proxy's listener
/// has stopped and before the source and the reconcile loop do, only waits for the rest.
/// </remarks>
internal sealed partial class LeaderElectionService(
    IngressOptions options, ApiServerConnection connection, LeaderState leader, LeaderWorks works, LiveRevision live, TimeProvider time,
    ILogger<LeaderElectionService> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _hurry = new();
    private Task _running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var election = options.LeaderElection;
        if (!election.Enabled)
        {
            Abstain("--leader-elect is false");
        }
        else if ((options.Pod.Namespace ?? OwnNamespace()) is not { } ns)
        {
            Abstain("POD_NAMESPACE is not set, and this is no Pod; set it to the namespace of the Lease to take part in the leader election");
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
            _running = RunAsync(new LeaderElector(LeaseAccess.Of(connection.Kubernetes, ns, candidate.Name), candidate, time, leader.Notice));
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        leader.Resign();
        await using var hurry = cancellationToken.Register(_hurry.Cancel);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_running.IsCompleted)
            Log.Unfinished(logger);
    }

    public void Dispose() => _hurry.Dispose();

    /// <summary>The namespace of the Pod whose service account is used; a kubeconfig leads to any cluster and says nothing of this process.</summary>
    private string? OwnNamespace() => UsesServiceAccount ? ApiServerConfiguration.InClusterNamespace() : null;

    private string? OwnToken() => UsesServiceAccount ? ApiServerConfiguration.InClusterToken() : null;

    private bool UsesServiceAccount => string.IsNullOrEmpty(options.Source.Kubeconfig);

    private async Task RunAsync(LeaderElector elector)
    {
        var resigned = leader.Resigned;
        await live.First.WaitAsync(resigned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await elector.RunAsync(term => works.LeadAsync(term, resigned, _hurry.Token), resigned);
        }
        catch (Exception error)
        {
            // A defect of this program; traffic must not suffer from it.
            Log.Broken(logger, error);
        }
    }

    private void Abstain(string reason)
    {
        leader.Abstain(reason);
        Log.Abstains(logger, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "status and Events are not written: {Reason}")]
        public static partial void Abstains(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "this replica takes part in the leader election no more: it failed; please report this")]
        public static partial void Broken(ILogger logger, Exception error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the leader's work has not ended in the time for the shutdown; another replica leads when the lease has expired")]
        public static partial void Unfinished(ILogger logger);
    }
}
