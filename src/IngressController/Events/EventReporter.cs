using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Routing.Diagnostics;
using IngressController.Sources;

namespace IngressController.Events;

/// <summary>The leader task that reports diagnostics as Events, for the owners of the objects.</summary>
internal sealed partial class EventReporter(
    LiveRevision revisions, ClusterStore store, EventWriter writer, EventMetrics metrics, TimeProvider time, ILogger<EventReporter> logger) : ILeaderTask
{
    /// <summary>
    /// The delay between a change and the next plan, so that a Service that is created a moment after its Ingress causes no Event, and a
    /// stream of changes costs one plan per second.
    /// </summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    /// <summary>The minimum pause after a plan, as a multiple of the plan's duration, which is long when there are many problems.</summary>
    private const int PauseFactor = 20;

    /// <summary>The maximum time between two plans.</summary>
    private static readonly TimeSpan IdleInterval = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken lost)
    {
        await revisions.First.WaitAsync(lost);
        var queue = new EventQueue(metrics, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(lost);
        var writing = writer.RunAsync(queue, ended.Token);
        try
        {
            await PlanAsync(queue, writing, ended.Token);
        }
        finally
        {
            // No write may outlive the term.
            await ended.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            metrics.Reset();
        }
    }

    private async Task PlanAsync(EventQueue queue, Task writing, CancellationToken ended)
    {
        var state = EventState.Initial;
        var wasFull = false;
        while (true)
        {
            var (revision, outcome) = (revisions.Next, queue.NextOutcome);
            var (started, now) = (time.GetTimestamp(), time.GetUtcNow().UtcDateTime);
            state = state.EndWrites(queue.TakeOutcomes(), now);
            var live = revisions.Current.Translation;
            Diagnostic[] diagnostics = [.. live.CollectDiagnostics(), .. store.Unreadable];
            var plan = EventPlanner.Plan(state, new EventObservation(diagnostics, subject => EventObject.Find(live, subject), now), queue.Room);
            state = plan.State;
            queue.Add(plan.Writes);
            metrics.Planned(plan);
            if (plan.Waiting > 0 && !wasFull)
                Log.QueueFull(logger, plan.Waiting, EventQueue.Capacity, EventWriter.PerSecond);
            wasFull = plan.Waiting > 0;

            var pause = time.GetElapsedTime(started) * PauseFactor;
            var idle = plan.NextDue is { } due && due - now < IdleInterval ? due - now : IdleInterval;
            Task changed = Task.WhenAny(revision, outcome, writing);
            await changed.WaitAsync(idle, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (writing.IsCompleted)
                await writing;
            await Task.Delay(pause > SettleTime ? pause : SettleTime, time, ended);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Waiting} Events wait for room in the queue: it has {Queued}, and {PerSecond} are written per second. /api/diagnostics on the admin port lists all problems")]
        public static partial void QueueFull(ILogger logger, int waiting, int queued, int perSecond);
    }
}
