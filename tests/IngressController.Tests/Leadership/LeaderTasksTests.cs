using IngressController.Kubernetes.Leasing;
using IngressController.Leadership;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Leadership;

/// <summary>Leader tasks that fail, do not end, or lose the lease.</summary>
public sealed class LeaderTasksTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _time = new();
    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly LeaderState _leader;
    private readonly CancellationTokenSource _stopDeadline = new();

    public LeaderTasksTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        _leader = new LeaderState("me", new SourceLog(_loggers.CreateLogger<SourceLog>(), _time), new LeaderMetrics(), _time);
    }

    [Fact]
    public async Task Tasks_run_in_parallel_until_the_lease_is_lost()
    {
        TestTask[] tasks = [new(), new()];
        var term = NewTerm();
        var lead = Tasks(tasks).LeadAsync(term, _leader.Resigned, _stopDeadline.Token);
        foreach (var task in tasks)
            await task.Running.Task.WaitAsync(Limit);
        Assert.True(_leader.IsLeader);
        _leader.RequireLeader();

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await lead.WaitAsync(Limit));
        Assert.False(_leader.IsLeader);
        Assert.Throws<OperationCanceledException>(_leader.RequireLeader);
        Assert.All(tasks, task => Assert.Equal("run, ended", task.History));
    }

    [Fact]
    public async Task Failed_task_restarts_and_others_are_not_affected()
    {
        var (good, bad) = (new TestTask(), new TestTask { Failures = 1 });
        var term = NewTerm();
        var lead = Tasks(good, bad).LeadAsync(term, _leader.Resigned, _stopDeadline.Token);
        await _log.WaitForAsync("leader task TestTask failed and restarts in ");
        _time.Advance(TimeSpan.FromSeconds(2));
        await bad.Running.Task.WaitAsync(Limit);

        term.End("enough");
        Assert.True(await lead.WaitAsync(Limit));
        Assert.Equal(("run, ended", "run, failed, run, ended"), (good.History, bad.History));
    }

    [Fact]
    public async Task Tasks_end_and_finish_while_the_resigning_replica_still_leads()
    {
        TestTask[] tasks = [new() { OnFinish = _ => _leader.RequireLeader() }, new() { OnFinish = _ => throw new InvalidOperationException("no") }];
        var lead = Tasks(tasks).LeadAsync(NewTerm(), _leader.Resigned, _stopDeadline.Token);
        foreach (var task in tasks)
            await task.Running.Task.WaitAsync(Limit);
        _leader.Resign();

        Assert.True(await lead.WaitAsync(Limit));
        Assert.All(tasks, task => Assert.Equal("run, ended, finish", task.History));
        Assert.Equal(1, _log.CountOf("the last step of leader task TestTask failed"));
        Assert.False(_leader.IsLeader);
    }

    [Fact]
    public async Task Tasks_do_not_finish_after_a_lost_lease()
    {
        var task = new TestTask();
        var term = NewTerm();
        var lead = Tasks(task).LeadAsync(term, _leader.Resigned, _stopDeadline.Token);
        await task.Running.Task.WaitAsync(Limit);
        term.End("taken");
        _leader.Resign();
        Assert.True(await lead.WaitAsync(Limit));
        Assert.Equal("run, ended", task.History);
    }

    [Fact]
    public async Task Finish_is_cancelled_with_the_lease_or_by_the_deadline_of_the_shutdown()
    {
        foreach (var end in (Action<LeaderTerm>[])[term => term.End("taken"), _ => _stopDeadline.Cancel()])
        {
            var begun = new TaskCompletionSource();
            var task = new TestTask { OnFinish = deadline => { begun.SetResult(); deadline.WaitHandle.WaitOne(Limit); deadline.ThrowIfCancellationRequested(); } };
            var term = NewTerm();
            using var resigned = new CancellationTokenSource();
            var lead = Tasks(task).LeadAsync(term, resigned.Token, _stopDeadline.Token);
            await task.Running.Task.WaitAsync(Limit);
            await resigned.CancelAsync();
            await begun.Task.WaitAsync(Limit);
            end(term);
            Assert.True(await lead.WaitAsync(Limit));
        }

        Assert.Equal(2, _log.CountOf("the last step of leader task TestTask did not finish"));
    }

    /// <summary>The lease is not released then, and the next term does not run the task twice.</summary>
    [Fact]
    public async Task Stuck_task_is_logged_and_restarts_only_after_it_has_ended()
    {
        var release = new TaskCompletionSource();
        var (stuck, good) = (new TestTask { EndsAfter = release.Task }, new TestTask());
        var tasks = Tasks(stuck, good);
        var first = NewTerm();
        var lead = tasks.LeadAsync(first, _leader.Resigned, _stopDeadline.Token);
        await stuck.Running.Task.WaitAsync(Limit);
        await good.Running.Task.WaitAsync(Limit);
        first.End("taken");
        await good.Ended.Task.WaitAsync(Limit);
        await AdvanceUntilAsync(lead);
        Assert.False(await lead);
        Assert.Equal(1, _log.CountOf("leader task TestTask has not ended within 3 s after it was cancelled"));

        var second = NewTerm();
        var again = tasks.LeadAsync(second, _leader.Resigned, _stopDeadline.Token);
        await good.UntilAsync("run, ended, run");
        Assert.Equal("run", stuck.History);
        release.SetResult();
        await stuck.UntilAsync("run, ended, run");
        second.End("enough");
        Assert.True(await again.WaitAsync(Limit));
    }

    private LeaderTasks Tasks(params TestTask[] tasks) => new(tasks, _leader, _time, _loggers.CreateLogger<LeaderTasks>());

    private LeaderTerm NewTerm() => new(_time.GetTimestamp(), TimeSpan.FromSeconds(10), _time);

    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(5));
        }
    }

    private sealed class TestTask : ILeaderTask
    {
        private readonly Lock _lock = new();
        private readonly List<string> _history = [];

        public int Failures { get; set; }

        public Task EndsAfter { get; init; } = Task.CompletedTask;

        public Action<CancellationToken> OnFinish { get; init; } = static _ => { };

        public TaskCompletionSource Running { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string History
        {
            get
            {
                lock (_lock)
                    return string.Join(", ", _history);
            }
        }

        public async Task RunAsync(CancellationToken lost)
        {
            Record("run");
            if (Failures-- > 0)
            {
                Record("failed");
                throw new InvalidOperationException("on purpose");
            }

            Running.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndsAfter;
            Record("ended");
            Ended.TrySetResult();
            lost.ThrowIfCancellationRequested();
        }

        public Task FinishAsync(CancellationToken deadline)
        {
            Record("finish");
            OnFinish(deadline);
            return Task.CompletedTask;
        }

        public async Task UntilAsync(string history)
        {
            using var limit = new CancellationTokenSource(Limit);
            while (History != history)
                await Task.Delay(5, limit.Token);
        }

        private void Record(string step)
        {
            lock (_lock)
                _history.Add(step);
        }
    }
}
