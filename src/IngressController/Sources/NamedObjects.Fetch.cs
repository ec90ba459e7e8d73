using System.Text.Json;
using System.Threading.Channels;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources;

/// <content>Fetching.</content>
internal sealed partial class NamedObjects<T>
{
    /// <summary>Number of concurrent requests: enough to hide the latency of the API server, too few to be a load for it.</summary>
    private const int Concurrency = 16;

    private readonly Channel<RequestedObject> _queue = Channel.CreateUnbounded<RequestedObject>();

    /// <summary>Fetches until cancelled, then completes; it never fails.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => FetchAllAsync(cancellation)));

    private async Task FetchAllAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var item in _queue.Reader.ReadAllAsync(cancellation))
            {
                if (VersionToFetch(item) is { } version)
                    await FetchAsync(item, version, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task FetchAsync(RequestedObject item, string version, CancellationToken cancellation)
    {
        try
        {
            var resource = await get(item.Name, cancellation);
            // Prepared here, in parallel with other fetches, and not under the lock.
            Complete(item, version, resource?.Metadata?.ResourceVersion, resource is null ? null : ClusterStore.Prepare(kind, resource));
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            ScheduleRetry(item, error);
        }
    }

    private void FetchIfStale(RequestedObject item)
    {
        if (IsStale(item))
            Enqueue(item);
    }

    private bool IsStale(RequestedObject item) =>
        _versions.TryGetValue(item.Name, out var version) && version != item.KnownVersion && version != item.FetchedVersion;

    private void Enqueue(RequestedObject item)
    {
        item.Retry?.Dispose();
        item.Retry = null;
        if (item.IsQueued)
            return;
        item.IsQueued = true;
        _queue.Writer.TryWrite(item);
    }

    /// <summary>Returns the oldest version that a fetch can return; null when there is nothing left to fetch.</summary>
    private string? VersionToFetch(RequestedObject item)
    {
        lock (_lock)
        {
            if (IsRequested(item) && IsStale(item))
                return _versions[item.Name];
            item.IsQueued = false;
            return null;
        }
    }

    private bool IsRequested(RequestedObject item) => ReferenceEquals(_requested.GetValueOrDefault(item.Name), item);

    /// <param name="item">The fetched object.</param>
    /// <param name="version">The known version before the fetch.</param>
    /// <param name="fetched">The version that was fetched.</param>
    /// <param name="prepared">
    /// Null when the server has no such object. The last state stays until the watch reports that the object is deleted, or exists again.
    /// </param>
    private void Complete(RequestedObject item, string version, string? fetched, PreparedObject? prepared)
    {
        lock (_lock)
        {
            item.IsQueued = false;
            item.Backoff = null;
            item.Failure = null;
            if (!IsRequested(item) || !_versions.ContainsKey(item.Name))
                return;
            item.KnownVersion = version;
            item.FetchedVersion = fetched;
            if (prepared is { } update)
                store.Apply(kind, update);
            CompleteFirstFetch(item);
            FetchIfStale(item);
        }
    }

    private void ScheduleRetry(RequestedObject item, Exception error)
    {
        lock (_lock)
        {
            item.IsQueued = false;
            if (!IsRequested(item) || !_versions.ContainsKey(item.Name))
                return;
            item.Backoff ??= new Backoff(timings, time);
            var delay = item.Backoff.Next();
            if (error is ApiServerException { RetryAfter: { } retryAfter } && retryAfter > delay)
                delay = retryAfter < timings.MaxRetryAfter ? retryAfter : timings.MaxRetryAfter;
            item.Retry = time.CreateTimer(_ => Retry(item), null, delay, Timeout.InfiniteTimeSpan);
            if (error is JsonException)
                ReportUnreadable(item, error.Message);
            else
                ReportFailure(item, new ReflectorNotice.Failed(kind.Resource.ToString(), Namespace: null, error, delay, ReflectorStage.Get));
        }
    }

    private void Retry(RequestedObject item)
    {
        lock (_lock)
        {
            if (IsRequested(item))
                Enqueue(item);
        }
    }

    /// <summary>Reports an object that does not decode. It counts as fetched, so that no one waits until it is fixed.</summary>
    private void ReportUnreadable(RequestedObject item, string reason)
    {
        var name = item.Name;
        onNotice(new ReflectorNotice.Undecodable(
            kind.Resource.ToString(), name.Namespace, new UndecodableObject(name.Namespace, name.Name, Uid: null, reason)));
        store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(
            new DiagnosticSubject(kind.Resource.Kind, name), "(object)", reason, keepsLast: kind.Names(store.Snapshot).Contains(name)));
        CompleteFirstFetch(item);
    }

    private void ReportFailure(RequestedObject item, ReflectorNotice.Failed failure)
    {
        item.Failure = failure.Reason;
        onNotice(failure);
    }
}
