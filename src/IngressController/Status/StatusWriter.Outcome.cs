using IngressController.Kubernetes.Watching;
using IngressController.Leadership;

namespace IngressController.Status;

/// <content>The handling of the results of writes.</content>
internal sealed partial class StatusWriter
{
    private int _failureLogged;
    private int _forbiddenLogged;

    private void HandleResponse(StatusChange change, StatusResponse response, WriteRateLimiter limiter)
    {
        switch (response.Result)
        {
            case StatusResult.Written:
                (_failureLogged, _forbiddenLogged) = (0, 0);
                _serverBackoff = new Backoff(timings, time);
                if (_history.Written(change, response.Ingress!))
                    Log.Contended(logger, change.Name);
                break;
            case StatusResult.Forbidden:
                // A missing grant mostly affects all namespaces, so only the first one is logged.
                var next = _history.Forbidden(change.Name.Namespace);
                if (Interlocked.Exchange(ref _forbiddenLogged, 1) == 0)
                    Log.Forbidden(logger, change.Name.Namespace, response.Reason, next.TotalSeconds);
                break;
            case StatusResult.Refused:
                _history.Refused(change);
                Log.Refused(logger, change.Name, $"{change.Addresses}", response.Reason);
                break;
            default:
                // The watch will deliver the deletion or the change of the Ingress; until then the backoff prevents a busy loop.
                Postpone(change, response, limiter);
                break;
        }
    }

    private void Postpone(StatusChange change, StatusResponse response, WriteRateLimiter limiter)
    {
        var retryAfter = response.RetryAfter < timings.MaxRetryAfter ? response.RetryAfter : response.RetryAfter is null ? null : timings.MaxRetryAfter;
        var delay = _history.Failed(change, retryAfter);
        if (response.ConcernsServer)
            limiter.Pause(retryAfter ?? _serverBackoff.Next());
        if (response.Result == StatusResult.Failed && Interlocked.Exchange(ref _failureLogged, 1) == 0)
            Log.Failed(logger, change.Name, response.Reason, delay.TotalSeconds);
        else
            Log.Postponed(logger, change.Name, response.Result, response.Reason, delay.TotalSeconds);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "the status of Ingresses in namespace {Namespace} may not be written: {Reason}; grant the verb patch on ingresses/status (networking.k8s.io); next attempt in {Seconds:0} s")]
        public static partial void Forbidden(ILogger logger, string @namespace, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the API server rejects {Addresses} in the status of Ingress {Ingress}: {Reason}; it is not retried until the addresses or the Ingress change")]
        public static partial void Refused(ILogger logger, ResourceName ingress, string addresses, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "another writer keeps changing the status of Ingress {Ingress}, so it is written less often from now on; two controllers must not claim the same IngressClass")]
        public static partial void Contended(ILogger logger, ResourceName ingress);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the status of Ingress {Ingress} cannot be written: {Reason}; next attempt in {Seconds:0.#} s. Further failures are logged at level debug until a write succeeds")]
        public static partial void Failed(ILogger logger, ResourceName ingress, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the status of Ingress {Ingress} was not written ({Result}): {Reason}; next attempt in {Seconds:0.#} s")]
        public static partial void Postponed(ILogger logger, ResourceName ingress, StatusResult result, string reason, double seconds);

        [LoggerMessage(Level = LogLevel.Warning, Message = "--update-status-on-shutdown has no effect without --replicas-service: no replica can know that it is the last")]
        public static partial void ResetOnShutdownUnavailable(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information, Message = "the last replica shuts down: reset the status of {Reset} of {All} Ingresses")]
        public static partial void ResetOnShutdown(ILogger logger, int reset, int all);

        [LoggerMessage(Level = LogLevel.Error, Message = "the pending changes of status could not be determined. This is a bug in the controller, please report it")]
        public static partial void PlanFailed(ILogger logger, Exception error);
    }
}
