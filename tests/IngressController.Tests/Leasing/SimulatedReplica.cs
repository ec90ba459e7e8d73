using IngressController.Kubernetes.Leasing;

namespace IngressController.Tests.Leasing;

/// <summary>A process that takes part in the election, as an observer sees it.</summary>
internal sealed class SimulatedReplica
{
    private readonly SimulatedWorld _world;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;

    public SimulatedReplica(SimulatedWorld world, SimulatedLease lease, string identity, double rate = 1, TimeSpan skew = default)
    {
        _world = world;
        Identity = identity;
        Clock = new SimulatedClock(world, rate, skew);
        var elector = new LeaderElector(lease.AccessOf(Clock), Options with { Identity = identity }, Clock, Notices.Add, world.Random);
        _run = elector.RunAsync(LeadAsync, _stop.Token);
    }

    public static LeaderElectorOptions Options { get; } = new() { Namespace = "ns", Name = "lease", Identity = "" };

    public string Identity { get; }

    public SimulatedClock Clock { get; }

    public List<LeaderNotice> Notices { get; } = [];

    public LeaderTerm? Term { get; private set; }

    /// <summary>The time that the leader tasks take to end.</summary>
    public TimeSpan WorkEndsAfter { get; set; }

    /// <summary>True if it would write if it ran now; a suspended process may resume at any moment.</summary>
    public bool MayWrite => !Clock.IsDead && Term is { MayWrite: true };

    public bool IsWorking { get; private set; }

    public bool HasEnded => _run.IsCompleted;

    public int Terms => Notices.OfType<LeaderNotice.StartedLeading>().Count();

    /// <summary>SIGTERM.</summary>
    public void Terminate() => Clock.Run(_stop.Cancel);

    /// <summary>SIGKILL.</summary>
    public void Kill() => Clock.Kill();

    /// <summary>Fails if the elector itself has failed.</summary>
    public void RequireNotFaulted()
    {
        if (_run.IsFaulted)
            Assert.Fail($"{Identity} has ended: {_run.Exception}");
    }

    private async Task<bool> LeadAsync(LeaderTerm term)
    {
        Term = term;
        IsWorking = true;
        // Continuations run where it is completed, so that nothing leaves the thread.
        var end = new TaskCompletionSource();
        term.Lost.Register(() => end.TrySetResult());
        _stop.Token.Register(() => end.TrySetResult());
        await end.Task.ConfigureAwait(false);
        var ended = new TaskCompletionSource();
        _world.After(WorkEndsAfter, () => Clock.Run(ended.SetResult));
        await ended.Task.ConfigureAwait(false);
        IsWorking = false;
        return true;
    }
}
