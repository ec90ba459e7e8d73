using IngressController.Kubernetes.Leasing;
using IngressController.Leadership;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Leadership;

/// <summary>What becomes of the leader's works when they fail, do not end, or the lease is lost.</summary>
public sealed class LeaderWorksTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _time = new();
    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly LeaderState _leader;
    private readonly CancellationTokenSource _hurry = new();

    public LeaderWorksTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        _leader = new LeaderState("me", new SourceLog(_loggers.CreateLogger<SourceLog>(), _time), new LeaderMetrics(), _time);
    }

    [Fact]
    public async Task They_run_side_by_side_until_the_lease_is_lost()
    {
        Work[] works = [new(), new()];
        var term = NewTerm();
        var lead = Works(works).LeadAsync(term, _leader.Resigned, _hurry.Token);
        foreach (var work in works)
            await work.Running.Task.WaitAsync(Limit);
        Assert.True(_leader.IsLeader);
        _leader.RequireLeader();

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await lead.WaitAsync(Limit));
        Assert.False(_leader.IsLeader);
        Assert.Throws<OperationCanceledException>(_leader.RequireLeader);
        Assert.All(works, work => Assert.Equal("run, ended", work.Story));
    }

    [Fact]
    public async Task One_that_fails_is_started_again_and_the_others_do_not_notice()
    {
        var (good, bad) = (new Work(), new Work { Failures = 1 });
        var term = NewTerm();
        var lead = Works(good, bad).LeadAsync(term, _leader.Resigned, _hurry.Token);
        await _log.WaitForAsync("the leader's Work failed and is started again in ");
        _time.Advance(TimeSpan.FromSeconds(2));
        await bad.Running.Task.WaitAsync(Limit);

        term.End("enough");
        Assert.True(await lead.WaitAsync(Limit));
        Assert.Equal(("run, ended", "run, failed, run, ended"), (good.Story, bad.Story));
    }

    [Fact]
    public async Task When_this_replica_resigns_they_end_and_do_what_they_do_last_while_it_still_leads()
    {
        Work[] works = [new() { OnFinish = _ => _leader.RequireLeader() }, new() { OnFinish = _ => throw new InvalidOperationException("no") }];
        var lead = Works(works).LeadAsync(NewTerm(), _leader.Resigned, _hurry.Token);
        foreach (var work in works)
            await work.Running.Task.WaitAsync(Limit);
        _leader.Resign();

        Assert.True(await lead.WaitAsync(Limit));
        Assert.All(works, work => Assert.Equal("run, ended, finish", work.Story));
        Assert.Equal(1, _log.CountOf("the leader's Work failed in what it does last"));
        Assert.False(_leader.IsLeader);
    }

    [Fact]
    public async Task A_lost_lease_leaves_nothing_to_do_last()
    {
        var work = new Work();
        var term = NewTerm();
        var lead = Works(work).LeadAsync(term, _leader.Resigned, _hurry.Token);
        await work.Running.Task.WaitAsync(Limit);
        term.End("taken");
        _leader.Resign();
        Assert.True(await lead.WaitAsync(Limit));
        Assert.Equal("run, ended", work.Story);
    }

    [Fact]
    public async Task What_is_done_last_ends_with_the_lease_or_when_the_process_waits_no_longer()
    {
        foreach (var end in (Action<LeaderTerm>[])[term => term.End("taken"), _ => _hurry.Cancel()])
        {
            var begun = new TaskCompletionSource();
            var work = new Work { OnFinish = deadline => { begun.SetResult(); deadline.WaitHandle.WaitOne(Limit); deadline.ThrowIfCancellationRequested(); } };
            var term = NewTerm();
            using var resigned = new CancellationTokenSource();
            var lead = Works(work).LeadAsync(term, resigned.Token, _hurry.Token);
            await work.Running.Task.WaitAsync(Limit);
            await resigned.CancelAsync();
            await begun.Task.WaitAsync(Limit);
            end(term);
            Assert.True(await lead.WaitAsync(Limit));
        }

        Assert.Equal(2, _log.CountOf("the leader's Work could not finish what it does last"));
    }

    /// <summary>The lease is not given back then, and the next term does not run it twice.</summary>
    [Fact]
    public async Task One_that_does_not_end_is_told_of_and_runs_again_only_when_it_has()
    {
        var release = new TaskCompletionSource();
        var (stuck, good) = (new Work { EndsAfter = release.Task }, new Work());
        var works = Works(stuck, good);
        var first = NewTerm();
        var lead = works.LeadAsync(first, _leader.Resigned, _hurry.Token);
        await stuck.Running.Task.WaitAsync(Limit);
        await good.Running.Task.WaitAsync(Limit);
        first.End("taken");
        await good.Ended.Task.WaitAsync(Limit);
        await AdvanceUntilAsync(lead);
        Assert.False(await lead);
        Assert.Equal(1, _log.CountOf("the leader's Work has not ended within 3 s after it was told to"));

        var second = NewTerm();
        var again = works.LeadAsync(second, _leader.Resigned, _hurry.Token);
        await good.UntilAsync("run, ended, run");
        Assert.Equal("run", stuck.Story);
        release.SetResult();
        await stuck.UntilAsync("run, ended, run");
        second.End("enough");
        Assert.True(await again.WaitAsync(Limit));
    }

    private LeaderTasks Works(params Work[] works) => new(works, _leader, _time, _loggers.CreateLogger<LeaderTasks>());

    private LeaderTerm NewTerm() => new(_time.GetTimestamp(), TimeSpan.FromSeconds(10), _time);

    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(5));
        }
    }

    private sealed class Work : ILeaderTask
    {
        private readonly Lock _lock = new();
        private readonly List<string> _story = [];

        public int Failures { get; set; }

        public Task EndsAfter { get; init; } = Task.CompletedTask;

        public Action<CancellationToken> OnFinish { get; init; } = static _ => { };

        public TaskCompletionSource Running { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Story
        {
            get
            {
                lock (_lock)
                    return string.Join(", ", _story);
            }
        }

        public async Task RunAsync(CancellationToken lost)
        {
            Tell("run");
            if (Failures-- > 0)
            {
                Tell("failed");
                throw new InvalidOperationException("on purpose");
            }

            Running.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndsAfter;
            Tell("ended");
            Ended.TrySetResult();
            lost.ThrowIfCancellationRequested();
        }

        public Task FinishAsync(CancellationToken deadline)
        {
            Tell("finish");
            OnFinish(deadline);
            return Task.CompletedTask;
        }

        public async Task UntilAsync(string story)
        {
            using var limit = new CancellationTokenSource(Limit);
            while (Story != story)
                await Task.Delay(5, limit.Token);
        }

        private void Tell(string what)
        {
            lock (_lock)
                _story.Add(what);
        }
    }
}
