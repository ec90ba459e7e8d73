using IngressController.Kubernetes.Client;

namespace IngressController.Kubernetes.Watching;

/// <content>Reacts to errors.</content>
public sealed partial class Reflector<T>
{
    /// <summary>Applies an error to the state and returns the delay before the next attempt.</summary>
    private TimeSpan HandleFailure(Exception error)
    {
        var stage = error is DeliveryException ? ReflectorStage.Deliver : _stage;
        if (stage == ReflectorStage.WatchList && !_isSynchronized && WatchListUnsupportedReason(error) is { } reason)
        {
            _useWatchList = false;
            Notify(new ReflectorNotice.WatchListUnsupported(_name, _namespace, reason));
            return TimeSpan.Zero;
        }

        if (_isSynchronized)
        {
            if (NeedsList(error))
            {
                _isSynchronized = false;
                Notify(new ReflectorNotice.Relisting(_name, _namespace, error.Message));
            }
        }
        else if (stage == ReflectorStage.WatchList && error is ApiServerException response && (response.IsExpired || response.IsTooLargeResourceVersion))
        {
            _lastVersionUnavailable = true;
        }

        var delay = Delay(error);
        Notify(new ReflectorNotice.Failed(_name, _namespace, error, delay, stage));
        return delay;
    }

    /// <summary>
    /// Returns the reason that the server seems unable to stream the initial state; null if the failure may be temporary.
    /// </summary>
    private static string? WatchListUnsupportedReason(Exception error) => error switch
    {
        DeliveryException or HttpRequestException => null,
        ApiServerException { IsForbidden: true } or ApiServerException { IsUnauthorized: true } or ApiServerException { IsNotFound: true } => null,
        ApiServerException { IsTooManyRequests: true } or ApiServerException { IsExpired: true } => null,
        // 500 is the only server error of an incomplete watch-list implementation; others come from proxies in front of the server.
        ApiServerException { IsServerError: true, IsInternalError: false } => null,
        _ => error.Message,
    };

    /// <summary>Returns true if a watch cannot resume at its version. Most errors do not affect that.</summary>
    private bool NeedsList(Exception error)
    {
        switch (error)
        {
            case ApiServerException { IsInternalError: true }:
                _internalErrorsSince ??= time.GetTimestamp();
                return time.GetElapsedTime(_internalErrorsSince.Value) > _timings.MaxInternalErrorRetryDuration;
            case ApiServerException response:
                return response.IsExpired || response.IsTooLargeResourceVersion
                    || response is { IsServerError: false, IsTooManyRequests: false, IsUnauthorized: false, IsForbidden: false };
            default:
                return error is RelistException or DeliveryException or System.Text.Json.JsonException or InvalidDataException;
        }
    }

    private TimeSpan Delay(Exception error)
    {
        var delay = error switch
        {
            // A version that expired while the server was away is the first sign of its return, so the delays of the outage do not apply.
            ApiServerException { IsExpired: true } => _expiryBackoff.Next(),
            // So is a 403: a server that has just started denies everything until it has loaded its roles. A lasting 403 waits for people.
            ApiServerException { IsForbidden: true } => _forbiddenBackoff.Next(),
            _ => _backoff.Next(),
        };
        return error is ApiServerException { RetryAfter: { } retryAfter } && retryAfter > delay
            ? retryAfter < _timings.MaxRetryAfter ? retryAfter : _timings.MaxRetryAfter
            : delay;
    }
}
