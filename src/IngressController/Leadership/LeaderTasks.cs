using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Watching;

namespace IngressController.Leadership;

/// <summary>Runs the leader tasks in parallel while this replica leads. An exception of one task does not affect the others.</summary>
internal sealed partial class LeaderTasks(IEnumerable<ILeaderTask> tasks, LeaderState leader, TimeProvider time, ILogger<LeaderTasks> logger)
{
    /// <summary>The time within which a task must end after it was cancelled. The lease is then still valid for clearly longer.</summary>
    public static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(3);

    private readonly Run[] _runs = [.. tasks.Select(task => new Run(task))];

    /// <summary>Runs one term, from the moment this replica becomes the leader until all tasks have ended.</summary>
    /// <param name="term">The term of the lease.</param>
    /// <param name="resigned">Cancelled when this replica resigns.</param>
    /// <param name="stopDeadline">Cancelled when the shutdown no longer waits for the last steps of the tasks.</param>
    /// <returns>True if all tasks have ended.</returns>
    public async Task<bool> LeadAsync(LeaderTerm term, CancellationToken resigned, CancellationToken stopDeadline)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, resigned);
        leader.BeginTerm(term);
        try
        {
            foreach (var run in _runs)
                run.Completion = RunAsync(run.LeaderTask, run.Completion, end.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var hasEnded = await HasEndedAsync([.. _runs.Select(run => (run.LeaderTask, run.Completion))]);
            if (!resigned.IsCancellationRequested || !term.MayWrite)
                return hasEnded;

            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, stopDeadline);
            (ILeaderTask, Task Completion)[] last =
                [.. _runs.Where(run => run.Completion.IsCompleted).Select(run => (run.LeaderTask, FinishAsync(run.LeaderTask, deadline.Token)))];
            await Task.WhenAll(last.Select(run => run.Completion)).WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await HasEndedAsync(last) && hasEnded;
        }
        finally
        {
            leader.EndTerm();
        }
    }

    /// <summary>Runs a task until it ends. A failed task is restarted after a backoff.</summary>
    /// <param name="task">The task.</param>
    /// <param name="previous">Its run in the previous term, which may not have ended: a task never runs twice at the same time.</param>
    /// <param name="end">Cancelled when the task must end.</param>
    private async Task RunAsync(ILeaderTask task, Task previous, CancellationToken end)
    {
        // The synchronous start of a task must not delay the other tasks.
        await Task.Yield();
        await previous;
        var backoff = new Backoff(new ReflectorTimings(), time);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await task.RunAsync(end);
                return;
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var delay = backoff.Next();
                Log.Failed(logger, error, task.GetType().Name, delay.TotalSeconds);
                await Task.Delay(delay, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FinishAsync(ILeaderTask task, CancellationToken deadline)
    {
        await Task.Yield();
        try
        {
            await task.FinishAsync(deadline);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            Log.FinishTimedOut(logger, task.GetType().Name);
        }
        catch (Exception error)
        {
            Log.FinishFailed(logger, error, task.GetType().Name);
        }
    }

    private async Task<bool> HasEndedAsync((ILeaderTask Task, Task Completion)[] runs)
    {
        await Task.WhenAll(runs.Select(run => run.Completion)).WaitAsync(EndTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (task, _) in runs.Where(run => !run.Completion.IsCompleted))
            Log.NotEnded(logger, task.GetType().Name, EndTimeout.TotalSeconds);
        return runs.All(run => run.Completion.IsCompleted);
    }

    private sealed class Run(ILeaderTask task)
    {
        public ILeaderTask LeaderTask => task;

        public Task Completion { get; set; } = Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "leader task {Task} failed and restarts in {Seconds:0.#} s. This is a bug in the controller, please report it")]
        public static partial void Failed(ILogger logger, Exception error, string task, double seconds);

        [LoggerMessage(Level = LogLevel.Error, Message = "the last step of leader task {Task} failed. This is a bug in the controller, please report it")]
        public static partial void FinishFailed(ILogger logger, Exception error, string task);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the last step of leader task {Task} did not finish: the lease or the time of the shutdown has expired")]
        public static partial void FinishTimedOut(ILogger logger, string task);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "leader task {Task} has not ended within {Seconds} s after it was cancelled; it can no longer write, and it restarts only after it has ended. This is a bug in the controller, please report it")]
        public static partial void NotEnded(ILogger logger, string task, double seconds);
    }
}
