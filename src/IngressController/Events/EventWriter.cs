using System.Text.Json;
using IngressController.Cli;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Serialization;
using IngressController.Leadership;
using k8s;
using k8s.Models;

namespace IngressController.Events;

/// <summary>
/// Writes Events, one after the other. Nothing depends on them: what fails is tried again for two minutes, as client-go does, and then
/// left to the next time the Event is due.
/// </summary>
internal sealed partial class EventWriter(
    LeaderClient client, EventReporterIdentity reporter, EventMetrics metrics, TimeProvider time, ILogger<EventWriter> logger)
{
    public const int MaxTries = 12;

    /// <summary>Requests a second, when there are many.</summary>
    public const int PerSecond = 10;

    /// <summary>Requests that may follow each other at once after a quiet time.</summary>
    public const int Burst = 50;

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>However long the API server asks to wait.</summary>
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    private const string NoChange = "{}";

    private readonly WriteBudget _budget = new(PerSecond, Burst, time);

    /// <summary>Troubles that have been logged since the last success.</summary>
    private readonly HashSet<EventFailure.Kind> _reported = [];

    /// <summary>Writes what the queue has, until it is cancelled or this replica does not lead any more.</summary>
    public async Task RunAsync(EventQueue queue, CancellationToken lost)
    {
        _reported.Clear();
        while (true)
        {
            var taken = await queue.TakeAsync(lost);
            try
            {
                queue.End(await WriteAsync(taken.Write, lost));
                metrics.Written();
                _reported.Remove(EventFailure.Kind.Connection);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                await FailAsync(queue, taken with { Tries = taken.Tries + 1 }, EventFailure.Of(error), lost);
            }
        }
    }

    private async Task FailAsync(EventQueue queue, QueuedEvent taken, EventFailure failure, CancellationToken lost)
    {
        metrics.Failed();
        var ns = EventText.NamespaceOf(taken.Write.Key.Subject);
        Report(failure, ns);
        if (failure.IsFinal || taken.Tries >= MaxTries)
        {
            metrics.Dropped();
            // As if it were written: the next time it is due it is found missing and written anew, and not before.
            queue.End(new EventOutcome(taken.Write.Key, taken.Write.Entry.Count, time.GetUtcNow().UtcDateTime));
            return;
        }

        var after = failure.RetryAfter is { } wish && wish > RetryAfter ? (wish < LongestRetryAfter ? wish : LongestRetryAfter) : RetryAfter;
        queue.Return(taken, after);
        if (failure.What == EventFailure.Kind.Connection)
            await Task.Delay(after, time, lost); // the others would fare no better, and each has only so many tries
    }

    private Task<EventOutcome> WriteAsync(EventWrite write, CancellationToken lost) => write.Verb switch
    {
        EventVerb.Create => CreateAsync(write, lost),
        EventVerb.Adopt => AdoptAsync(write, lost),
        _ => RepeatAsync(write, write.Entry.Count, lost),
    };

    /// <summary>One that is there already has happened before: its series goes on.</summary>
    private async Task<EventOutcome> CreateAsync(EventWrite write, CancellationToken lost)
    {
        try
        {
            await _budget.WaitAsync(lost);
            await client.Kubernetes.EventsV1.CreateNamespacedEventAsync(
                EventText.ToEvent(write, reporter), ObjectCalls.PathSegment(EventText.NamespaceOf(write.Key.Subject)), cancellationToken: lost);
            return new EventOutcome(write.Key, 1, write.Entry.Last);
        }
        catch (ApiServerException error) when (error.IsAlreadyExists)
        {
            return await ReadAsync(write, lost) is { } there
                ? await RepeatAsync(write, there.Count + 1, lost)
                : throw new TimeoutException("the Event expired meanwhile");
        }
    }

    private async Task<EventOutcome> AdoptAsync(EventWrite write, CancellationToken lost) =>
        await ReadAsync(write, lost) ?? await CreateAsync(write, lost);

    /// <summary>How often the Event there was seen; null when there is none.</summary>
    private async Task<EventOutcome?> ReadAsync(EventWrite write, CancellationToken lost)
    {
        // A patch that changes nothing writes nothing, and needs no right to read Events.
        return await PatchAsync(write, NoChange, lost) is { } there
            ? new EventOutcome(write.Key, there.Series?.Count ?? 1, there.Series?.LastObservedTime ?? there.EventTime ?? default)
            : null;
    }

    private async Task<EventOutcome> RepeatAsync(EventWrite write, int count, CancellationToken lost)
    {
        var series = new Eventsv1Event { Series = new Eventsv1EventSeries { Count = count, LastObservedTime = write.Entry.Last } };
        var patch = JsonSerializer.Serialize(series, ApiJson.Of<Eventsv1Event>());
        return await PatchAsync(write, patch, lost) is not null
            ? new EventOutcome(write.Key, count, write.Entry.Last)
            : await CreateAsync(write, lost); // it had expired
    }

    private async Task<Eventsv1Event?> PatchAsync(EventWrite write, string patch, CancellationToken lost)
    {
        try
        {
            await _budget.WaitAsync(lost);
            return await client.Kubernetes.EventsV1.PatchNamespacedEventAsync(
                new V1Patch(patch, V1Patch.PatchType.MergePatch), ObjectCalls.PathSegment(EventText.NameOf(write.Key)),
                ObjectCalls.PathSegment(EventText.NamespaceOf(write.Key.Subject)), cancellationToken: lost);
        }
        catch (ApiServerException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Each kind of trouble once: there may be thousands of Events.</summary>
    private void Report(EventFailure failure, string ns)
    {
        if (!_reported.Add(failure.What))
            return;
        switch (failure.What)
        {
            case EventFailure.Kind.NamespaceGone:
                break;
            case EventFailure.Kind.Forbidden:
                Log.Forbidden(logger, ns, failure.Message);
                break;
            case EventFailure.Kind.Refused:
                Log.Refused(logger, ns, failure.Message);
                break;
            default:
                Log.Failed(logger, failure.Message, MaxTries);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be written in namespace {Namespace}: {Error}; grant the verbs create and patch on events.events.k8s.io there, or set --emit-events=false. Further refusals are counted, not logged")]
        public static partial void Forbidden(ILogger logger, string @namespace, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "an Event in namespace {Namespace} was refused: {Error}. Further refusals are counted, not logged")]
        public static partial void Refused(ILogger logger, string @namespace, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be written: {Error}; each is tried {Tries} times")]
        public static partial void Failed(ILogger logger, string error, int tries);
    }
}
