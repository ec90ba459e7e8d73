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
    /// <summary>How many are fetched at the same time: enough to hide the way to the API server, too few to be a burden to it.</summary>
    private const int Concurrency = 16;

    private readonly Channel<Wish> _due = Channel.CreateUnbounded<Wish>();

    /// <summary>Fetches until cancelled and then completes; it never fails.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, Concurrency).Select(_ => FetchAllAsync(cancellation)));

    private async Task FetchAllAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var wish in _due.Reader.ReadAllAsync(cancellation))
            {
                if (VersionToFetch(wish) is { } version)
                    await FetchAsync(wish, version, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task FetchAsync(Wish wish, string version, CancellationToken cancellation)
    {
        try
        {
            var item = await get(wish.Name, cancellation);
            // Read here, where all that fetch do it at the same time, and not where each waits for the others.
            Take(wish, version, item?.Metadata?.ResourceVersion, item is null ? null : ClusterStore.Read(kind, item));
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            Postpone(wish, error);
        }
    }

    private void FetchIfOutdated(Wish wish)
    {
        if (IsOutdated(wish))
            Fetch(wish);
    }

    private bool IsOutdated(Wish wish) =>
        _versions.TryGetValue(wish.Name, out var version) && version != wish.KnownVersion && version != wish.FetchedVersion;

    private void Fetch(Wish wish)
    {
        wish.Retry?.Dispose();
        wish.Retry = null;
        if (wish.IsDue)
            return;
        wish.IsDue = true;
        _due.Writer.TryWrite(wish);
    }

    /// <summary>The version that a fetch would bring at least; null when there is nothing to fetch any more.</summary>
    private string? VersionToFetch(Wish wish)
    {
        lock (_lock)
        {
            if (IsWanted(wish) && IsOutdated(wish))
                return _versions[wish.Name];
            wish.IsDue = false;
            return null;
        }
    }

    private bool IsWanted(Wish wish) => ReferenceEquals(_wishes.GetValueOrDefault(wish.Name), wish);

    /// <param name="wish">What was fetched.</param>
    /// <param name="version">The version that was known before.</param>
    /// <param name="fetched">The version that came.</param>
    /// <param name="read">
    /// Null when the server has no such object: the watch will tell so, or that it is there again, and until then the last state stays.
    /// </param>
    private void Take(Wish wish, string version, string? fetched, ReadObject? read)
    {
        lock (_lock)
        {
            wish.IsDue = false;
            wish.Backoff = null;
            wish.Trouble = null;
            if (!IsWanted(wish) || !_versions.ContainsKey(wish.Name))
                return;
            wish.KnownVersion = version;
            wish.FetchedVersion = fetched;
            if (read is { } item)
                store.Apply(kind, item);
            HasArrived(wish);
            FetchIfOutdated(wish);
        }
    }

    private void Postpone(Wish wish, Exception error)
    {
        lock (_lock)
        {
            wish.IsDue = false;
            if (!IsWanted(wish) || !_versions.ContainsKey(wish.Name))
                return;
            wish.Backoff ??= new Backoff(timings, time);
            var delay = wish.Backoff.Next();
            if (error is ApiServerException { RetryAfter: { } asked } && asked > delay)
                delay = asked < timings.MaxRetryAfter ? asked : timings.MaxRetryAfter;
            wish.Retry = time.CreateTimer(_ => FetchAgain(wish), null, delay, Timeout.InfiniteTimeSpan);
            if (error is JsonException)
                ReportUnreadable(wish, error.Message);
            else
                ReportFailure(wish, new ReflectorNotice.Failed(kind.Resource.ToString(), Namespace: null, error, delay, ReflectorStage.Get));
        }
    }

    private void FetchAgain(Wish wish)
    {
        lock (_lock)
        {
            if (IsWanted(wish))
                Fetch(wish);
        }
    }

    /// <summary>It has come, though it says nothing: nobody needs to wait until somebody mends it.</summary>
    private void ReportUnreadable(Wish wish, string reason)
    {
        var name = wish.Name;
        onNotice(new ReflectorNotice.Undecodable(
            kind.Resource.ToString(), name.Namespace, new UndecodableObject(name.Namespace, name.Name, Uid: null, reason)));
        store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(
            new DiagnosticSubject(kind.Resource.Kind, name), "(object)", reason, keepsLast: kind.Names(store.Snapshot).Contains(name)));
        HasArrived(wish);
    }

    private void ReportFailure(Wish wish, ReflectorNotice.Failed failure)
    {
        wish.Trouble = failure.Reason;
        onNotice(failure);
    }
}
