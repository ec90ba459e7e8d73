using System.Collections.Concurrent;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Transport;
using IngressController.Kubernetes.Watching;

namespace IngressController.Sources.Kubernetes;

/// <summary>
/// What an operator reads about the connection to the API server. The same trouble is said at once and then once a minute for as
/// long as it lasts, however many watches have it.
/// </summary>
internal sealed partial class SourceLog(ILogger<SourceLog> logger, TimeProvider time)
{
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private const string Lease = "lease";

    private readonly ConcurrentDictionary<string, DateTimeOffset> _saidAt = new(StringComparer.Ordinal);

    /// <summary>What each failing watch failed with last, and how often in a row.</summary>
    private readonly ConcurrentDictionary<string, (string Trouble, int Times)> _failing = new(StringComparer.Ordinal);

    public void Notice(ClientNotice notice) => Log.Client(logger, notice.Message);

    public void Notice(ReflectorNotice notice)
    {
        switch (notice)
        {
            case ReflectorNotice.Failed failed:
                var times = TimesInARow(Watch(notice), failed.Cause);
                // All watches of one server that is away have one trouble.
                if ((times > 1 || !IsCommonAfterRestart(failed.Error)) && IsDue(failed.Cause))
                    Log.Failed(logger, notice.Message);
                else
                    Log.Detail(logger, notice.Message);
                break;
            case ReflectorNotice.Undecodable or ReflectorNotice.UnknownEvent:
                if (IsDue(notice.Message))
                    Log.Failed(logger, notice.Message);
                break;
            // A watch that is accepted and cut again and again says this no more often than what cuts it.
            case ReflectorNotice.Listed or ReflectorNotice.WatchStarted
                when _failing.TryRemove(Watch(notice), out _) && IsDue($"recovered {Watch(notice)}"):
                Log.Recovered(logger, notice.Message);
                break;
            default:
                Log.Detail(logger, notice.Message);
                break;
        }
    }

    /// <summary>A leader election that is forbidden goes on without harm to anybody, so that is said once and not each minute.</summary>
    public void Notice(LeaderNotice notice)
    {
        switch (notice)
        {
            case LeaderNotice.Failed { Error: ApiServerException { IsForbidden: true } } forbidden:
                if (TimesInARow(Lease, forbidden.Cause) == 2)
                    Log.Failed(logger, notice.Message);
                else
                    Log.Detail(logger, notice.Message);
                break;
            case LeaderNotice.Failed failed:
                TimesInARow(Lease, failed.Cause);
                if (IsDue(failed.Cause))
                    Log.Failed(logger, notice.Message);
                else
                    Log.Detail(logger, notice.Message);
                break;
            case LeaderNotice.Recovered when _failing.TryRemove(Lease, out _) && IsDue($"recovered {Lease}"):
                Log.Recovered(logger, notice.Message);
                break;
            case LeaderNotice.StartedLeading or LeaderNotice.StoppedLeading:
                Log.Leadership(logger, notice.Message);
                break;
            default:
                Log.Detail(logger, notice.Message);
                break;
        }
    }

    /// <summary>How often something has failed now with the same trouble.</summary>
    private int TimesInARow(string what, string trouble) =>
        _failing.AddOrUpdate(what, (trouble, 1), (_, last) => (trouble, last.Trouble == trouble ? last.Times + 1 : 1)).Times;

    private static string Watch(ReflectorNotice notice) =>
        notice is ReflectorNotice.Failed { Stage: ReflectorStage.Get } ? $"get {notice.Resource}" : $"{notice.Resource} {notice.Namespace}";

    /// <summary>
    /// An API server that has just started forbids everything until it has read its roles, and knows no versions of before. Once, that
    /// is nothing anybody should act on.
    /// </summary>
    private static bool IsCommonAfterRestart(Exception error) =>
        error is ApiServerException { IsForbidden: true } or ApiServerException { IsExpired: true };

    private bool IsDue(string trouble)
    {
        var now = time.GetUtcNow();
        var isDue = true;
        _saidAt.AddOrUpdate(trouble, now, (_, last) =>
        {
            isDue = now - last >= RepeatAfter;
            return isDue ? now : last;
        });
        if (isDue)
            Forget(now);
        return isDue;
    }

    /// <summary>What is due again anyway need not be remembered: objects that cannot be read come and go, each with a text of its own.</summary>
    private void Forget(DateTimeOffset now)
    {
        foreach (var said in _saidAt.Where(said => now - said.Value >= RepeatAfter))
            _saidAt.TryRemove(said);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
        public static partial void Client(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
        public static partial void Failed(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Information, Message = "recovered: {Message}")]
        public static partial void Recovered(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Message}")]
        public static partial void Leadership(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Message}")]
        public static partial void Detail(ILogger logger, string message);
    }
}
