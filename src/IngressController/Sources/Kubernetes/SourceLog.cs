using System.Collections.Concurrent;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Transport;
using IngressController.Kubernetes.Watching;

namespace IngressController.Sources.Kubernetes;

/// <summary>
/// Logs the state of the connection to the API server. A failure is logged at once and then once a minute while it lasts, however many
/// watches have it.
/// </summary>
internal sealed partial class SourceLog(ILogger<SourceLog> logger, TimeProvider time)
{
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private const string Lease = "lease";

    private readonly ConcurrentDictionary<string, DateTimeOffset> _loggedAt = new(StringComparer.Ordinal);

    /// <summary>The cause of the last failure of each failing watch, and the number of failures in a row with that cause.</summary>
    private readonly ConcurrentDictionary<string, (string Cause, int Count)> _failing = new(StringComparer.Ordinal);

    public void OnNotice(ClientNotice notice)
    {
        switch (notice)
        {
            case ClientNotice.ConfigurationWarning warning:
                Log.UnsafeConfiguration(logger, warning.Warning);
                break;
            case ClientNotice.CredentialFileUnusable unusable:
                Log.CredentialFileUnusable(logger, unusable.Path, unusable.Error);
                break;
            case ClientNotice.TransportReloaded reloaded:
                Log.TransportReloaded(logger, reloaded.Reason);
                break;
            case ClientNotice.CredentialRefused refused:
                Log.CredentialRejected(logger, refused.Source);
                break;
        }
    }

    public void OnNotice(ReflectorNotice notice)
    {
        var (resource, ns) = (notice.Resource, notice.Namespace ?? "all namespaces");
        switch (notice)
        {
            case ReflectorNotice.Failed failed:
                LogFailure(failed, ns);
                break;
            case ReflectorNotice.Undecodable { Object: var item }:
                if (ShouldLog(notice.Message))
                    Log.Undecodable(logger, resource, item, item.Error);
                break;
            case ReflectorNotice.UnknownEvent unknown:
                if (ShouldLog(notice.Message))
                    Log.UnknownEvent(logger, unknown.Type, resource, ns);
                break;
            case ReflectorNotice.Listed listed when HasRecovered(notice):
                Log.ListRecovered(logger, listed.Count, resource, ns);
                break;
            case ReflectorNotice.Listed listed:
                Log.Listed(logger, listed.Count, resource, ns);
                break;
            case ReflectorNotice.WatchStarted started when HasRecovered(notice):
                Log.WatchRecovered(logger, resource, ns, started.ResourceVersion);
                break;
            case ReflectorNotice.WatchStarted started:
                Log.WatchStarted(logger, resource, ns, started.ResourceVersion);
                break;
            case ReflectorNotice.WatchEnded ended:
                Log.WatchEnded(logger, resource, ns, ended.Duration.TotalSeconds, ended.Events);
                break;
            case ReflectorNotice.Relisting relisting:
                Log.Relisting(logger, resource, ns, relisting.Reason);
                break;
            case ReflectorNotice.WatchListUnsupported unsupported:
                Log.WatchListUnsupported(logger, resource, ns, unsupported.Reason);
                break;
        }
    }

    public void OnNotice(LeaderNotice notice)
    {
        switch (notice)
        {
            case LeaderNotice.Failed failed:
                LogFailure(failed);
                break;
            case LeaderNotice.Recovered recovered when _failing.TryRemove(Lease, out _) && ShouldLog($"recovered {Lease}"):
                Log.LeaseRecovered(logger, recovered.Lease);
                break;
            case LeaderNotice.Recovered recovered:
                Log.LeaseAccessible(logger, recovered.Lease);
                break;
            case LeaderNotice.StartedLeading leads:
                Log.StartedLeading(logger, leads.Lease);
                break;
            case LeaderNotice.StoppedLeading stopped:
                Log.StoppedLeading(logger, stopped.Reason);
                break;
            case LeaderNotice.NewLeader follows:
                Log.NewLeader(logger, follows.Leader);
                break;
            case LeaderNotice.Released released:
                Log.LeaseReleased(logger, released.Lease);
                break;
        }
    }

    private void LogFailure(ReflectorNotice.Failed failed, string ns)
    {
        var count = CountFailure(WatchOf(failed), failed.Cause);
        // When the API server cannot be reached, all its watches have the same cause.
        var level = (count > 1 || !IsCommonAfterRestart(failed.Error)) && ShouldLog(failed.Cause) ? LogLevel.Warning : LogLevel.Debug;
        var seconds = failed.RetryIn.TotalSeconds;
        switch (failed.Stage)
        {
            case ReflectorStage.List:
                Log.ListFailed(logger, level, failed.Resource, ns, failed.Reason, seconds);
                break;
            case ReflectorStage.Get:
                Log.GetFailed(logger, level, failed.Resource, failed.Reason, seconds);
                break;
            case ReflectorStage.Deliver:
                Log.DeliveryFailed(logger, level, failed.Resource, ns, failed.Reason, seconds);
                break;
            default:
                Log.WatchFailed(logger, level, failed.Resource, ns, failed.Reason, seconds);
                break;
        }
    }

    private void LogFailure(LeaderNotice.Failed failed)
    {
        var count = CountFailure(Lease, failed.Cause);
        // A forbidden election affects nothing but status and Events, so it is logged once, and not every minute.
        var isDue = failed.Error is ApiServerException { IsForbidden: true } ? count == 2 : ShouldLog(failed.Cause);
        var level = isDue ? LogLevel.Warning : LogLevel.Debug;
        if (failed.RetryIn is { } delay)
            Log.LeaseFailed(logger, level, failed.Action, failed.Lease, failed.Reason, delay.TotalSeconds);
        else
            Log.LeaseGivenUp(logger, level, failed.Action, failed.Lease, failed.Reason);
    }

    /// <summary>Counts a failure and returns the number of failures in a row with the same cause.</summary>
    private int CountFailure(string what, string cause) =>
        _failing.AddOrUpdate(what, (cause, 1), (_, last) => (cause, last.Cause == cause ? last.Count + 1 : 1)).Count;

    /// <summary>
    /// True if a failed watch has recovered. A watch that fails again and again is reported as recovered once a minute at most.
    /// </summary>
    private bool HasRecovered(ReflectorNotice notice) => _failing.TryRemove(WatchOf(notice), out _) && ShouldLog($"recovered {WatchOf(notice)}");

    private static string WatchOf(ReflectorNotice notice) =>
        notice is ReflectorNotice.Failed { Stage: ReflectorStage.Get } ? $"get {notice.Resource}" : $"{notice.Resource} {notice.Namespace}";

    /// <summary>
    /// True for an error that needs no action when it occurs once: an API server that has just started forbids everything until it has read
    /// its roles, and does not have the versions from before its restart.
    /// </summary>
    private static bool IsCommonAfterRestart(Exception error) =>
        error is ApiServerException { IsForbidden: true } or ApiServerException { IsExpired: true };

    private bool ShouldLog(string cause)
    {
        var now = time.GetUtcNow();
        var isDue = true;
        _loggedAt.AddOrUpdate(cause, now, (_, last) =>
        {
            isDue = now - last >= RepeatAfter;
            return isDue ? now : last;
        });
        if (isDue)
            RemoveExpired(now);
        return isDue;
    }

    /// <summary>Removes entries that are due again, so that the texts of objects that do not decode do not accumulate.</summary>
    private void RemoveExpired(DateTimeOffset now)
    {
        foreach (var entry in _loggedAt.Where(entry => now - entry.Value >= RepeatAfter))
            _loggedAt.TryRemove(entry);
    }
}
