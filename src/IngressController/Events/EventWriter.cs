using System.Text.Json;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using IngressController.Leadership;
using k8s;
using k8s.Models;

namespace IngressController.Events;

/// <summary>
/// Writes Events, one after the other. Nothing depends on them: a failed write is retried for two minutes, as in client-go, and then given
/// up until the Event is due again.
/// </summary>
internal sealed partial class EventWriter(
    LeaderClient client, EventReporterIdentity reporter, EventMetrics metrics, TimeProvider time, ILogger<EventWriter> logger)
{
    public const int MaxAttempts = 12;

    /// <summary>The sustained number of requests per second.</summary>
    public const int PerSecond = 10;

    /// <summary>Number of requests that may be sent at once after an idle time.</summary>
    public const int Burst = 50;

    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(10);

    /// <summary>The maximum for a delay that the API server asks for.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(1);

    private const string EmptyPatch = "{}";

    private readonly WriteRateLimiter _limiter = new(PerSecond, Burst, time);

    /// <summary>The kinds of failure that were logged. The kind Connection is removed after a success.</summary>
    private readonly HashSet<EventFailureKind> _logged = [];

    /// <summary>Writes the Events of the queue until it is cancelled or this replica no longer leads.</summary>
    public async Task RunAsync(EventQueue queue, CancellationToken lost)
    {
        _logged.Clear();
        while (true)
        {
            var taken = await queue.TakeAsync(lost);
            try
            {
                queue.Complete(await WriteAsync(taken.Write, lost));
                metrics.Written();
                _logged.Remove(EventFailureKind.Connection);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                await HandleFailureAsync(queue, taken with { Attempts = taken.Attempts + 1 }, EventFailure.Of(error), lost);
            }
        }
    }

    private async Task HandleFailureAsync(EventQueue queue, QueuedEvent taken, EventFailure failure, CancellationToken lost)
    {
        metrics.Failed();
        var ns = EventText.NamespaceOf(taken.Write.Key.Subject);
        LogFailure(failure, ns);
        if (failure.IsFinal || taken.Attempts >= MaxAttempts)
        {
            metrics.Dropped();
            // Treated as written: the next write is when the Event is due again, and it creates the missing Event.
            queue.Complete(new EventOutcome(taken.Write.Key, taken.Write.Entry.Count, time.GetUtcNow().UtcDateTime));
            return;
        }

        var delay = failure.RetryAfter is { } retryAfter && retryAfter > RetryDelay ? (retryAfter < MaxRetryAfter ? retryAfter : MaxRetryAfter) : RetryDelay;
        queue.Retry(taken, delay);
        if (failure.Kind == EventFailureKind.Connection)
            await Task.Delay(delay, time, lost); // other Events would also fail, and the number of their attempts is limited
    }

    private Task<EventOutcome> WriteAsync(EventWrite write, CancellationToken lost) => write.Verb switch
    {
        EventVerb.Create => CreateAsync(write, lost),
        EventVerb.Adopt => AdoptAsync(write, lost),
        _ => RepeatAsync(write, write.Entry.Count, lost),
    };

    /// <summary>Creates an Event. If it already exists, its series is continued.</summary>
    private async Task<EventOutcome> CreateAsync(EventWrite write, CancellationToken lost)
    {
        try
        {
            await _limiter.WaitAsync(lost);
            await client.Kubernetes.EventsV1.CreateNamespacedEventAsync(
                EventText.ToEvent(write, reporter), ObjectCalls.PathSegment(EventText.NamespaceOf(write.Key.Subject)), cancellationToken: lost);
            return new EventOutcome(write.Key, 1, write.Entry.Last);
        }
        catch (ApiServerException error) when (error.IsAlreadyExists)
        {
            return await ReadAsync(write, lost) is { } existing
                ? await RepeatAsync(write, existing.Count + 1, lost)
                : throw new TimeoutException("the Event expired meanwhile", error);
        }
    }

    private async Task<EventOutcome> AdoptAsync(EventWrite write, CancellationToken lost) =>
        await ReadAsync(write, lost) ?? await CreateAsync(write, lost);

    /// <summary>Returns the count of the existing Event; null when it does not exist.</summary>
    private async Task<EventOutcome?> ReadAsync(EventWrite write, CancellationToken lost)
    {
        // An empty patch writes nothing and needs no permission to read Events.
        return await PatchAsync(write, EmptyPatch, lost) is { } existing
            ? new EventOutcome(write.Key, existing.Series?.Count ?? 1, existing.Series?.LastObservedTime ?? existing.EventTime ?? default)
            : null;
    }

    private async Task<EventOutcome> RepeatAsync(EventWrite write, int count, CancellationToken lost)
    {
        var series = new Eventsv1Event { Series = new Eventsv1EventSeries { Count = count, LastObservedTime = write.Entry.Last } };
        var patch = JsonSerializer.Serialize(series, ApiJson.Of<Eventsv1Event>());
        return await PatchAsync(write, patch, lost) is not null
            ? new EventOutcome(write.Key, count, write.Entry.Last)
            : await CreateAsync(write, lost); // the Event has expired
    }

    private async Task<Eventsv1Event?> PatchAsync(EventWrite write, string patch, CancellationToken lost)
    {
        try
        {
            await _limiter.WaitAsync(lost);
            return await client.Kubernetes.EventsV1.PatchNamespacedEventAsync(
                new V1Patch(patch, V1Patch.PatchType.MergePatch), ObjectCalls.PathSegment(EventText.NameOf(write.Key)),
                ObjectCalls.PathSegment(EventText.NamespaceOf(write.Key.Subject)), cancellationToken: lost);
        }
        catch (ApiServerException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Logs each kind of failure once, because there may be thousands of Events.</summary>
    private void LogFailure(EventFailure failure, string ns)
    {
        if (!_logged.Add(failure.Kind))
            return;
        switch (failure.Kind)
        {
            case EventFailureKind.NamespaceGone:
                break;
            case EventFailureKind.Forbidden:
                Log.Forbidden(logger, ns, failure.Message);
                break;
            case EventFailureKind.Refused:
                Log.Refused(logger, ns, failure.Message);
                break;
            default:
                Log.Failed(logger, failure.Message, MaxAttempts);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be written in namespace {Namespace}: {Reason}; grant the verbs create and patch on events.events.k8s.io there, or set --emit-events=false. Further failures of this kind are counted, not logged")]
        public static partial void Forbidden(ILogger logger, string @namespace, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the API server rejected an Event in namespace {Namespace}: {Reason}. Further failures of this kind are counted, not logged")]
        public static partial void Refused(ILogger logger, string @namespace, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be written: {Reason}; each is attempted {Attempts} times")]
        public static partial void Failed(ILogger logger, string reason, int attempts);
    }
}
