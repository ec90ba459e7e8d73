using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using IngressController.Sources;

namespace IngressController.Events;

/// <summary>Tells the owners of objects what is wrong with them: while this replica leads, diagnostics become Events.</summary>
internal sealed partial class EventReporter(
    LiveRevision revisions, ClusterStore store, EventWriter writer, EventMetrics metrics, TimeProvider time, ILogger<EventReporter> logger) : ILeaderWork
{
    /// <summary>
    /// How long a change is waited on before it is looked at. A Service that comes a moment after its Ingress is nothing anybody needs to
    /// read of, and a stream of changes costs one plan a second.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>A look that takes long, because much is wrong, is followed by a pause so many times as long.</summary>
    private const int PauseFactor = 20;

    /// <summary>How often it is looked when nothing seems to happen.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

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
            // No write outlives the term, however it ends.
            await ended.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            metrics.TermEnded();
        }
    }

    private async Task PlanAsync(EventQueue queue, Task writing, CancellationToken ended)
    {
        var ledger = EventLedger.Empty;
        var wasFull = false;
        while (true)
        {
            var (revision, outcome) = (revisions.Next, queue.NextOutcome);
            var (started, now) = (time.GetTimestamp(), time.GetUtcNow().UtcDateTime);
            ledger = ledger.Settle(queue.TakeOutcomes(), now);
            var live = revisions.Current.Translation;
            Diagnostic[] diagnostics = [.. live.CollectDiagnostics(), .. store.Unreadable];
            var plan = EventPlanner.Plan(ledger, new EventObservation(diagnostics, subject => EventObject.Find(live, subject), now), queue.Room);
            ledger = plan.Ledger;
            queue.Add(plan.Writes);
            metrics.Planned(plan);
            if (plan.Waiting > 0 && !wasFull)
                Log.Full(logger, plan.Waiting, EventQueue.Capacity, EventWriter.PerSecond);
            wasFull = plan.Waiting > 0;

            var pause = time.GetElapsedTime(started) * PauseFactor;
            var idle = plan.NextDue is { } due && due - now < Idle ? due - now : Idle;
            Task happened = Task.WhenAny(revision, outcome, writing);
            await happened.WaitAsync(idle, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (writing.IsCompleted)
                await writing;
            await Task.Delay(pause > Settling ? pause : Settling, time, ended);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Waiting} Events wait for others to be written: {Queued} are queued already, and {PerSecond} are written a second. /api/diagnostics of the admin port has all that is wrong")]
        public static partial void Full(ILogger logger, int waiting, int queued, int perSecond);
    }
}
