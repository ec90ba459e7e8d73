using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Routing.Cluster;

namespace IngressController.Status;

/// <content>What follows from how a write ended.</content>
internal sealed partial class StatusWriter
{
    private int _saysFailure;
    private int _saysForbidden;

    private void Note(StatusChange change, StatusAnswer answer, WriteBudget budget)
    {
        switch (answer.Result)
        {
            case StatusResult.Written:
                (_saysFailure, _saysForbidden) = (0, 0);
                _serverBackoff = new Backoff(timings, time);
                if (_ledger.Written(change, answer.Ingress!))
                    Log.Contended(logger, change.Name);
                break;
            case StatusResult.Forbidden:
                // Without the grant it is the same in every namespace: the first one says it for all.
                var next = _ledger.Forbidden(change.Name.Namespace);
                if (Interlocked.Exchange(ref _saysForbidden, 1) == 0)
                    Log.Forbidden(logger, change.Name.Namespace, answer.Reason, next.TotalSeconds);
                break;
            case StatusResult.Refused:
                _ledger.Refused(change);
                Log.Refused(logger, change.Name, $"{change.Addresses}", answer.Reason);
                break;
            default:
                // The watch will tell of one that is gone or changed; until then it must not be tried again and again.
                Postpone(change, answer, budget);
                break;
        }
    }

    private void Postpone(StatusChange change, StatusAnswer answer, WriteBudget budget)
    {
        var asked = answer.RetryAfter < timings.MaxRetryAfter ? answer.RetryAfter : answer.RetryAfter is null ? null : timings.MaxRetryAfter;
        var delay = _ledger.Failed(change, asked);
        if (answer.ConcernsAll)
            budget.Pause(asked ?? _serverBackoff.Next());
        if (answer.Result == StatusResult.Failed && Interlocked.Exchange(ref _saysFailure, 1) == 0)
            Log.Failed(logger, change.Name, answer.Reason, delay.TotalSeconds);
        else
            Log.Postponed(logger, change.Name, answer.Result, answer.Reason, delay.TotalSeconds);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "the status of Ingresses in namespace {Namespace} may not be written: {Reason}; grant the verb patch on ingresses/status (networking.k8s.io); next try in {Seconds:0} s")]
        public static partial void Forbidden(ILogger logger, string @namespace, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the API server refuses to write {Addresses} into the status of Ingress {Ingress}: {Reason}; it is not tried again before that or the Ingress changes")]
        public static partial void Refused(ILogger logger, ResourceName ingress, string addresses, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "somebody else keeps writing the status of Ingress {Ingress}: no two controllers may claim the same IngressClass; it is written less often from now on")]
        public static partial void Contended(ILogger logger, ResourceName ingress);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the status of Ingress {Ingress} cannot be written: {Reason}; next try in {Seconds:0.#} s, and more of the same are not said until one is written")]
        public static partial void Failed(ILogger logger, ResourceName ingress, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the status of Ingress {Ingress} was not written ({Result}): {Reason}; next try in {Seconds:0.#} s")]
        public static partial void Postponed(ILogger logger, ResourceName ingress, StatusResult result, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "--update-status-on-shutdown has no effect without --replicas-service: no replica can know that it is the last")]
        public static partial void NeverLast(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information, Message = "the last replica ends: the status of {Emptied} of {All} Ingresses has been emptied")]
        public static partial void Emptied(ILogger logger, int emptied, int all);

        [LoggerMessage(Level = LogLevel.Error, Message = "it could not be decided which statuses to write. Please report this defect")]
        public static partial void Defect(ILogger logger, Exception error);
    }
}
