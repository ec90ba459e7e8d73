using IngressController.Kubernetes.Leasing;
using k8s.Models;

namespace IngressController.Tests.Leasing;

/// <summary>Tests single behaviors in simulated time. By default the wall clocks of the candidates differ by hours.</summary>
public sealed class LeaderElectorTests
{
    private static readonly LeaderElectorOptions Options = SimulatedReplica.Options;
    private static readonly TimeSpan MaxPause = Options.RetryPeriod * (1 + LeaderElectorOptions.JitterFactor);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.2);

    [Fact]
    public void The_first_candidate_creates_the_Lease_and_leads() => SimulatedWorld.Run(1, world =>
    {
        var lease = new SimulatedLease(world);
        var a = new SimulatedReplica(world, lease, "a");
        world.RunUntil(() => a.MayWrite, Moment, "a leads");

        Assert.Equal(["get", "create"], lease.Requests.Select(request => request.Verb));
        var spec = lease.Stored!.Spec!;
        Assert.Equal(("a", 15, 0), (spec.HolderIdentity, spec.LeaseDurationSeconds, spec.LeaseTransitions));
        Assert.Equal(spec.AcquireTime, spec.RenewTime);
    });

    [Fact]
    public void A_leader_keeps_the_lease_with_one_request_per_retry_period() => SimulatedWorld.Run(1, world =>
    {
        var lease = new SimulatedLease(world);
        var a = new SimulatedReplica(world, lease, "a");
        world.RunFor(Moment);
        var b = new SimulatedReplica(world, lease, "b", skew: TimeSpan.FromHours(30));
        world.RunFor(Moment);
        world.Invariant = () => Assert.True(a.MayWrite && !b.MayWrite);
        var acquired = lease.Stored!.Spec!.AcquireTime;
        world.RunFor(TimeSpan.FromMinutes(30));

        Assert.Equal((1, 0), (a.Terms, b.Terms));
        Assert.Equal(acquired, lease.Stored!.Spec!.AcquireTime);
        Assert.Equal(0, lease.Stored.Spec.LeaseTransitions);
        var renewals = lease.Requests.Where(request => request.Process == a.Clock && request.Verb == "patch").ToArray();
        Assert.InRange(renewals.Length, 30 * 60 / 2 * 0.95, 30 * 60 / 2);
        Assert.DoesNotContain(lease.Requests, request => request.Process == a.Clock && request.Verb == "get" && request.At > Moment);
        Assert.DoesNotContain(lease.Requests, request => request.Process == b.Clock && request.Verb != "get");
    });

    [Theory]
    [InlineData(0)]
    [InlineData(-13)]
    [InlineData(13)]
    public void Another_candidate_replaces_a_dead_leader_after_expiry_regardless_of_the_clocks(int hours) => SimulatedWorld.Run(2, world =>
    {
        var lease = new SimulatedLease(world);
        var a = new SimulatedReplica(world, lease, "a", skew: TimeSpan.FromHours(hours));
        world.RunFor(Moment);
        var b = new SimulatedReplica(world, lease, "b");
        world.RunFor(TimeSpan.FromMinutes(1));
        a.Kill();

        var took = world.RunUntil(() => b.MayWrite, TimeSpan.FromMinutes(2), "b leads");

        Assert.InRange(took, Options.LeaseDuration - Options.RetryPeriod, Options.LeaseDuration + MaxPause + Moment);
        Assert.Equal(("b", 1), (lease.Holder, lease.Stored!.Spec!.LeaseTransitions));
        Assert.Equal(lease.Stored.Spec.AcquireTime, lease.Stored.Spec.RenewTime);
    });

    /// <summary>The age of a record that is seen for the first time is unknown, whatever time it contains.</summary>
    [Theory]
    [InlineData(-24)]
    [InlineData(24)]
    public void A_new_candidate_waits_for_the_whole_duration_of_an_unknown_holder(int hours) => SimulatedWorld.Run(3, world =>
    {
        var lease = new SimulatedLease(world);
        var time = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddHours(hours);
        lease.Edit(old => old with { Spec = new V1LeaseSpec { HolderIdentity = "gone", LeaseDurationSeconds = 60, AcquireTime = time, RenewTime = time, LeaseTransitions = 6 } });
        var a = new SimulatedReplica(world, lease, "a");

        var took = world.RunUntil(() => a.MayWrite, TimeSpan.FromMinutes(2), "a leads");

        // The duration of the record applies, not that of the candidate.
        Assert.InRange(took, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60) + MaxPause + Moment);
        Assert.Equal(7, lease.Stored!.Spec!.LeaseTransitions);
    });

    [Fact]
    public void A_Lease_without_a_spec_or_holder_is_free() => SimulatedWorld.Run(4, world =>
    {
        foreach (var spec in (V1LeaseSpec?[])[null, new V1LeaseSpec(), new V1LeaseSpec { HolderIdentity = "", LeaseDurationSeconds = 3600 }])
        {
            var lease = new SimulatedLease(world);
            lease.Edit(old => old with { Spec = spec });
            var a = new SimulatedReplica(world, lease, "a");
            world.RunUntil(() => a.MayWrite, Moment, "a leads");
            Assert.Equal(["get", "patch"], lease.Requests.Select(request => request.Verb));
        }
    });

    [Fact]
    public void A_holder_without_a_duration_gets_that_of_the_candidate() => SimulatedWorld.Run(4, world =>
    {
        var lease = new SimulatedLease(world);
        lease.Edit(old => old with { Spec = new V1LeaseSpec { HolderIdentity = "gone" } });
        var a = new SimulatedReplica(world, lease, "a");
        Assert.InRange(world.RunUntil(() => a.MayWrite, TimeSpan.FromMinutes(2), "a leads"), Options.LeaseDuration, Options.LeaseDuration + MaxPause + Moment);
    });

    [Fact]
    public void One_of_two_simultaneous_candidates_loses_the_race() => SimulatedWorld.Run(5, world =>
    {
        foreach (var exists in (bool[])[false, true])
        {
            var lease = new SimulatedLease(world) { Latency = () => TimeSpan.FromMilliseconds(10) };
            if (exists)
                lease.Edit(old => old with { Spec = null });
            SimulatedReplica[] both = [new(world, lease, "a"), new(world, lease, "b")];
            world.RunFor(MaxPause + Moment);
            var leader = Assert.Single(both, replica => replica.MayWrite);
            var other = Assert.Single(both, replica => !replica.MayWrite);
            Assert.Equal($"{leader.Identity} is the leader", Assert.Single(other.Notices).Message);
        }
    });

    [Fact]
    public void A_stopping_leader_renews_until_its_tasks_have_ended_and_then_releases_the_lease() => SimulatedWorld.Run(6, world =>
    {
        var lease = new SimulatedLease(world);
        var a = new SimulatedReplica(world, lease, "a") { WorkEndsAfter = TimeSpan.FromSeconds(40) };
        world.RunFor(Moment);
        var b = new SimulatedReplica(world, lease, "b");
        world.RunFor(TimeSpan.FromSeconds(30));
        world.Invariant = () => Assert.False((a.IsWorking || a.MayWrite) && b.MayWrite);
        var at = world.Now;
        a.Terminate();

        Assert.True(world.RunUntil(() => lease.Holder.Length == 0, TimeSpan.FromMinutes(2), "the lease is free") >= a.WorkEndsAfter);
        Assert.Equal(1, lease.Stored!.Spec!.LeaseDurationSeconds);
        Assert.False(a.IsWorking);
        Assert.Equal(0, b.Terms);
        var took = world.RunUntil(() => b.MayWrite, TimeSpan.FromMinutes(2), "b leads");
        Assert.True(took <= MaxPause + Moment, $"{took}");
        world.RunFor(Moment);
        Assert.True(a.HasEnded);
        Assert.Equal(["started leading: holds the Lease ns/lease", "stopped leading: this process is shutting down", "released the Lease ns/lease"], a.Notices.Select(notice => notice.Message));
        Assert.InRange(lease.Requests.Count(request => request.Process == a.Clock && request.At > at && request.Verb == "patch"), 18, 21);
    });

    [Fact]
    public void A_candidate_that_is_stopped_while_acquiring_the_lease_releases_it() => SimulatedWorld.Run(7, world =>
    {
        var lease = new SimulatedLease(world) { Latency = () => TimeSpan.FromMilliseconds(100) };
        var a = new SimulatedReplica(world, lease, "a");
        world.RunUntil(() => lease.Holder == "a", TimeSpan.FromSeconds(1), "the Lease names a");
        Assert.False(a.MayWrite);
        a.Terminate();
        world.RunUntil(() => a.HasEnded, TimeSpan.FromSeconds(5), "a ends");
        Assert.Equal("", lease.Holder);
    });

    [Fact]
    public void A_candidate_that_never_led_ends_without_a_request() => SimulatedWorld.Run(8, world =>
    {
        var lease = new SimulatedLease(world);
        lease.Edit(old => old with { Spec = new V1LeaseSpec { HolderIdentity = "other", LeaseDurationSeconds = 3600 } });
        var a = new SimulatedReplica(world, lease, "a");
        world.RunFor(TimeSpan.FromSeconds(30));
        var requests = lease.Requests.Count;
        a.Terminate();
        Assert.True(a.HasEnded);
        Assert.Equal((requests, "other"), (lease.Requests.Count, lease.Holder));
    });

    [Fact]
    public void Candidates_ask_at_intervals_between_one_and_2_2_retry_periods() => SimulatedWorld.Run(9, world =>
    {
        var lease = new SimulatedLease(world) { Latency = () => TimeSpan.Zero };
        lease.Edit(old => old with { Spec = new V1LeaseSpec { HolderIdentity = "other", LeaseDurationSeconds = 36_000 } });
        _ = new SimulatedReplica(world, lease, "a");
        world.RunFor(TimeSpan.FromHours(1));
        var intervals = lease.Requests.Zip(lease.Requests.Skip(1), (one, next) => (next.At - one.At).TotalSeconds).ToArray();
        Assert.All(intervals, interval => Assert.InRange(interval, 2, 4.4));
        Assert.InRange(intervals.Min(), 2, 2.05);
        Assert.InRange(intervals.Max(), 4.35, 4.4);
    });

    [Fact]
    public void Contradictory_durations_are_rejected()
    {
        var access = new SimulatedLease(new SimulatedWorld(0)).AccessOf(null!);
        foreach (var options in (LeaderElectorOptions[])
        [
            Options with { RenewDeadline = Options.LeaseDuration }, Options with { RetryPeriod = Options.RenewDeadline }, Options with { RetryPeriod = TimeSpan.Zero },
        ])
        {
            Assert.Throws<ArgumentException>(() => new LeaderElector(access, options, TimeProvider.System, static _ => { }));
        }
    }
}
