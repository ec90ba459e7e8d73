using IngressController.Kubernetes.Client;

namespace IngressController.Kubernetes.Watching;

/// <content>Runs a watch.</content>
public sealed partial class Reflector<T>
{
    /// <summary>Runs one watch from its request to its end.</summary>
    /// <param name="initial">Set for a watch-list; collects the initial events until their end bookmark.</param>
    private async Task WatchAsync(InitialEvents<T>? initial, CancellationToken cancellation)
    {
        var version = initial is not null && _lastVersionUnavailable ? "" : _lastVersion ?? "";
        var timeout = _timings.MinWatchTimeout + ((_timings.MaxWatchTimeout - _timings.MinWatchTimeout) * Random.Shared.NextDouble());
        var request = new WatchRequest
        {
            Namespace = _namespace,
            FieldSelector = options.FieldSelector,
            LabelSelector = options.LabelSelector,
            ResourceVersion = version,
            Timeout = timeout,
            SendInitialEvents = initial is not null,
        };

        // The watchdog starts before the request is sent: some proxies hold back the headers until the first event.
        using var watchdog = new IdleWatchdog(_timings, timeout, isInitial: initial is not null, time, cancellation);
        try
        {
            using var stream = await client.WatchAsync(resource, request, watchdog.Token).ConfigureAwait(false);
            Notify(new ReflectorNotice.WatchStarted(_name, _namespace, version));
            await FollowAsync(stream, initial, watchdog).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (watchdog.HasTimedOut)
        {
            throw new WatchStalledException(watchdog.Limit);
        }
    }

    private async Task FollowAsync(WatchStream<T> stream, InitialEvents<T>? initial, IdleWatchdog watchdog)
    {
        var startedAt = time.GetTimestamp();
        long events = 0;
        await foreach (var change in stream.ReadAllAsync(watchdog.Reset, watchdog.Token).ConfigureAwait(false))
        {
            events++;
            _internalErrorsSince = null;
            if (initial is null)
            {
                Handle(change, watchdog);
            }
            else if (change is WatchEvent<T>.Bookmark { EndsInitialEvents: true, ResourceVersion: { Length: > 0 } version })
            {
                Replace(initial.ToReplaced(), version, streamed: true);
                initial = null;
                _stage = ReflectorStage.Watch;
                watchdog.EndInitialEvents();
            }
            else
            {
                Collect(change, initial);
            }
        }

        var duration = time.GetElapsedTime(startedAt);
        if (initial is not null)
            throw new WatchListException("the stream ended before its initial events were complete");
        if (events == 0 && duration < _timings.MinWatchDuration)
            throw new ShortWatchException();
        Notify(new ReflectorNotice.WatchEnded(_name, _namespace, duration, events));
    }

    private static void Collect(WatchEvent<T> change, InitialEvents<T> initial)
    {
        switch (change)
        {
            case WatchEvent<T>.Applied applied:
                initial.Apply(applied.Object);
                break;
            case WatchEvent<T>.Deleted { Object.Metadata: { } metadata }:
                initial.Remove(metadata.NamespaceProperty, metadata.Name);
                break;
            case WatchEvent<T>.Undecodable { IsDeleted: false } undecodable:
                initial.Apply(undecodable.Object);
                break;
            case WatchEvent<T>.Undecodable undecodable:
                initial.Remove(undecodable.Object.Namespace, undecodable.Object.Name);
                break;
            case WatchEvent<T>.Error error:
                throw error.Exception;
        }
    }

    private void Handle(WatchEvent<T> change, IdleWatchdog watchdog)
    {
        switch (change)
        {
            case WatchEvent<T>.Applied { Object: { Metadata: { } metadata } item }:
                Deliver(new ResourceChange<T>.Applied(item));
                _identities.Set(metadata.NamespaceProperty, metadata.Name, metadata.Uid);
                Advance(metadata.ResourceVersion);
                break;
            case WatchEvent<T>.Deleted { Object: { Metadata: { } metadata } item }:
                if (_identities.Remove(metadata.NamespaceProperty, metadata.Name, metadata.Uid))
                    Deliver(new ResourceChange<T>.Deleted(item));
                Advance(metadata.ResourceVersion);
                break;
            case WatchEvent<T>.Bookmark bookmark:
                watchdog.OnBookmark();
                Advance(bookmark.ResourceVersion);
                break;
            case WatchEvent<T>.Undecodable { IsDeleted: false, Object: var undecodable }:
                Notify(new ReflectorNotice.Undecodable(_name, _namespace, undecodable));
                _identities.Set(undecodable.Namespace, undecodable.Name, undecodable.Uid);
                Advance(undecodable.ResourceVersion);
                break;
            case WatchEvent<T>.Undecodable { Object: var undecodable }:
                throw new RelistException($"the deletion of {undecodable} does not decode: {undecodable.Error}");
            case WatchEvent<T>.Error error:
                throw error.Exception;
            case WatchEvent<T>.Unknown unknown:
                Notify(new ReflectorNotice.UnknownEvent(_name, _namespace, unknown.Type));
                break;
        }
    }

    private void Advance(string? version)
    {
        if (!string.IsNullOrEmpty(version))
            _lastVersion = version;
    }
}
