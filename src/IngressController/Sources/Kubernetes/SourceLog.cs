using System.Collections.Concurrent;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Watching;

namespace IngressController.Sources.Kubernetes;

/// <summary>
/// What an operator reads about the connection to the API server. The same trouble is said at once and then once a minute for as
/// long as it lasts, however many watches have it.
/// </summary>
internal sealed partial class SourceLog(ILogger<SourceLog> logger, TimeProvider time)
{
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _saidAt = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _failing = new(StringComparer.Ordinal);

    public void Notice(ClientNotice notice) => Log.Client(logger, notice.Message);

    public void Notice(ReflectorNotice notice)
    {
        switch (notice)
        {
            case ReflectorNotice.Failed failed:
                _failing[Watch(notice)] = true;
                // Five watches of one server that is away have one trouble: the same error text.
                if (IsDue(failed.Error.Message))
                    Log.Failed(logger, notice.Message);
                break;
            case ReflectorNotice.Undecodable or ReflectorNotice.UnknownEvent:
                if (IsDue(notice.Message))
                    Log.Failed(logger, notice.Message);
                break;
            case ReflectorNotice.Listed or ReflectorNotice.WatchStarted when _failing.TryRemove(Watch(notice), out _):
                Log.Recovered(logger, notice.Message);
                break;
            default:
                Log.Detail(logger, notice.Message);
                break;
        }
    }

    private static string Watch(ReflectorNotice notice) => $"{notice.Resource} {notice.Namespace}";

    private bool IsDue(string trouble)
    {
        var now = time.GetUtcNow();
        var isDue = true;
        _saidAt.AddOrUpdate(trouble, now, (_, last) =>
        {
            isDue = now - last >= RepeatAfter;
            return isDue ? now : last;
        });
        return isDue;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
        public static partial void Client(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
        public static partial void Failed(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Information, Message = "recovered: {Message}")]
        public static partial void Recovered(ILogger logger, string message);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Message}")]
        public static partial void Detail(ILogger logger, string message);
    }
}
