using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Watching;

namespace IngressController.Leadership;

/// <summary>Runs the works of the leader side by side while this replica leads. What one of them throws concerns no other.</summary>
internal sealed partial class LeaderWorks(IEnumerable<ILeaderWork> works, LeaderState leader, TimeProvider time, ILogger<LeaderWorks> logger)
{
    /// <summary>How long a work may take to notice that it has to end. It is well under what is left of the lease then.</summary>
    public static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3);

    private readonly Run[] _runs = [.. works.Select(work => new Run(work))];

    /// <summary>One term, from becoming the leader until all works have ended.</summary>
    /// <param name="term">The lease.</param>
    /// <param name="resigned">Cancelled when this replica is to lead no more.</param>
    /// <param name="hurry">Cancelled when the process waits no longer for the last work.</param>
    /// <returns>Whether everything has ended.</returns>
    public async Task<bool> LeadAsync(LeaderTerm term, CancellationToken resigned, CancellationToken hurry)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, resigned);
        leader.Begin(term);
        try
        {
            foreach (var run in _runs)
                run.Task = RunAsync(run.Work, run.Task, end.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var hasEnded = await HasEndedAsync([.. _runs.Select(run => (run.Work, run.Task))]);
            if (!resigned.IsCancellationRequested || !term.MayWrite)
                return hasEnded;

            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, hurry);
            (ILeaderWork, Task Task)[] last = [.. _runs.Where(run => run.Task.IsCompleted).Select(run => (run.Work, FinishAsync(run.Work, deadline.Token)))];
            await Task.WhenAll(last.Select(run => run.Task)).WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await HasEndedAsync(last) && hasEnded;
        }
        finally
        {
            leader.End();
        }
    }

    /// <summary>Runs a work until its end; one that fails is started again after a while.</summary>
    /// <param name="work">The work.</param>
    /// <param name="before">Its run of the term before, should that not have ended: a work never runs twice at a time.</param>
    /// <param name="end">Cancelled when it has to end.</param>
    private async Task RunAsync(ILeaderWork work, Task before, CancellationToken end)
    {
        // Nobody waits for what a work does before its first await.
        await Task.Yield();
        await before;
        var backoff = new Backoff(new ReflectorTimings(), time);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await work.RunAsync(end);
                return;
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var delay = backoff.Next();
                Log.Failed(logger, error, work.GetType().Name, delay.TotalSeconds);
                await Task.Delay(delay, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FinishAsync(ILeaderWork work, CancellationToken deadline)
    {
        await Task.Yield();
        try
        {
            await work.FinishAsync(deadline);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            Log.Unfinished(logger, work.GetType().Name);
        }
        catch (Exception error)
        {
            Log.FinishFailed(logger, error, work.GetType().Name);
        }
    }

    private async Task<bool> HasEndedAsync((ILeaderWork Work, Task Task)[] runs)
    {
        await Task.WhenAll(runs.Select(run => run.Task)).WaitAsync(EndLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (work, _) in runs.Where(run => !run.Task.IsCompleted))
            Log.Stuck(logger, work.GetType().Name, EndLimit.TotalSeconds);
        return runs.All(run => run.Task.IsCompleted);
    }

    private sealed class Run(ILeaderWork work)
    {
        public ILeaderWork Work => work;

        public Task Task { get; set; } = Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "the leader's {Work} failed and is started again in {Seconds:0.#} s; please report this")]
        public static partial void Failed(ILogger logger, Exception error, string work, double seconds);

        [LoggerMessage(Level = LogLevel.Error, Message = "the leader's {Work} failed in what it does last; please report this")]
        public static partial void FinishFailed(ILogger logger, Exception error, string work);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the leader's {Work} could not finish what it does last: the lease or the time for the shutdown has run out")]
        public static partial void Unfinished(ILogger logger, string work);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "the leader's {Work} has not ended within {Seconds} s after it was told to; it can write nothing any more, but until it ends it is not started again; please report this")]
        public static partial void Stuck(ILogger logger, string work, double seconds);
    }
}
