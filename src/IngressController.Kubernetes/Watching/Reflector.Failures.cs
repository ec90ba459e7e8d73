using IngressController.Kubernetes.Client;

namespace IngressController.Kubernetes.Watching;

/// <content>What an error means.</content>
public sealed partial class Reflector<T>
{
    /// <summary>Decides what an error means for the state, and how long to wait.</summary>
    private TimeSpan Judge(Exception error)
    {
        var stage = error is DeliveryException ? ReflectorStage.Deliver : _stage;
        if (stage == ReflectorStage.WatchList && !_isSynchronized && WatchListRefusal(error) is { } refusal)
        {
            _useWatchList = false;
            Notify(new ReflectorNotice.WatchListUnsupported(_name, _namespace, refusal));
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
        else if (stage == ReflectorStage.WatchList && error is ApiServerException refused && (refused.IsExpired || refused.IsTooLargeResourceVersion))
        {
            _lastVersionUnavailable = true;
        }

        var delay = Delay(error);
        Notify(new ReflectorNotice.Failed(_name, _namespace, error, delay, stage));
        return delay;
    }

    /// <summary>Why the server seems unable to stream the initial state, or null when it may just be in trouble.</summary>
    private static string? WatchListRefusal(Exception error) => error switch
    {
        DeliveryException or HttpRequestException => null,
        ApiServerException { IsForbidden: true } or ApiServerException { IsUnauthorized: true } or ApiServerException { IsNotFound: true } => null,
        ApiServerException { IsTooManyRequests: true } or ApiServerException { IsExpired: true } => null,
        // 500 is the one server error that a half-made watch-list may answer; the others come from what is in front of the server.
        ApiServerException { IsServerError: true, IsInternalError: false } => null,
        _ => error.Message,
    };

    /// <summary>Whether a watch cannot go on at its version. Most errors say nothing about it.</summary>
    private bool NeedsList(Exception error)
    {
        switch (error)
        {
            case ApiServerException { IsInternalError: true }:
                _internalErrorsSince ??= time.GetTimestamp();
                return time.GetElapsedTime(_internalErrorsSince.Value) > _timings.InternalErrorRetry;
            case ApiServerException refused:
                return refused.IsExpired || refused.IsTooLargeResourceVersion
                    || refused is { IsServerError: false, IsTooManyRequests: false, IsUnauthorized: false, IsForbidden: false };
            default:
                return error is RelistException or DeliveryException or System.Text.Json.JsonException or InvalidDataException;
        }
    }

    private TimeSpan Delay(Exception error)
    {
        var delay = error switch
        {
            // A version that expired while the server was away is the first sign of its return: no reason to wait as for its absence.
            ApiServerException { IsExpired: true } => _expiryBackoff.Next(),
            // So is a refusal: a server that has just started forbids everything until it has read its roles. One that lasts waits for people.
            ApiServerException { IsForbidden: true } => _forbiddenBackoff.Next(),
            _ => _backoff.Next(),
        };
        return error is ApiServerException { RetryAfter: { } asked } && asked > delay
            ? asked < _timings.MaxRetryAfter ? asked : _timings.MaxRetryAfter
            : delay;
    }
}
