using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using k8s.Models;

namespace IngressController.Tests.Leasing;

/// <summary>Failures of a leader, its network and the API server, in simulated time.</summary>
public sealed class LeaderFailureTests
{
    private static readonly LeaderElectorOptions Options = SimulatedReplica.Options;
    private static readonly TimeSpan MaxPause = Options.RetryPeriod * (1 + LeaderElectorOptions.JitterFactor);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.2);

    [Fact]
    public void An_isolated_leader_stops_leading_before_another_can_lead() => SimulatedWorld.Run(1, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        world.Invariant = () => Assert.False(a.MayWrite && b.MayWrite);
        lease.Loses = process => process == a.Clock;
        var lastSent = lease.Requests.FindLast(request => request.Process == a.Clock).At;

        world.RunUntil(() => !a.MayWrite, TimeSpan.FromMinutes(1), "a stops leading");
        // Timers have a resolution of one millisecond.
        Assert.InRange(world.Now - lastSent, Options.RenewDeadline - TimeSpan.FromMilliseconds(1), Options.RenewDeadline);
        Assert.True(a.Term!.Lost.IsCancellationRequested);
        Assert.Equal("stopped leading: the lease could not be renewed for 10 s", a.Notices.OfType<LeaderNotice.StoppedLeading>().Single().Message);
        world.RunUntil(() => b.MayWrite, TimeSpan.FromMinutes(1), "b leads");
        Assert.True(world.Now - lastSent >= Options.LeaseDuration);

        // It continues as a candidate and learns of the new leader.
        lease.Loses = static _ => false;
        world.RunFor(MaxPause + Options.RequestTimeout);
        Assert.Equal("b is the leader", a.Notices.OfType<LeaderNotice.NewLeader>().Single().Message);
        b.Kill();
        world.RunUntil(() => a.MayWrite, Options.LeaseDuration + MaxPause + Moment, "a leads again");
        Assert.Equal((2, 2), (a.Terms, lease.Stored!.Spec!.LeaseTransitions));
    });

    /// <summary>This also holds if a response waited to be read: a renewal is as old as its request.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_suspended_process_writes_nothing_when_it_resumes(bool inRequest)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            SimulatedWorld.Run(seed, world =>
            {
                var (lease, a, b) = LeaderAndCandidate(world);
                world.Invariant = () => Assert.False(a.MayWrite && b.MayWrite);
                var requests = lease.Requests.Count;
                if (inRequest)
                    world.RunUntil(() => lease.Requests.Count > requests && lease.Requests[^1].Process == a.Clock, TimeSpan.FromMinutes(1), "a renews");
                a.Clock.Suspend();
                world.RunFor(TimeSpan.FromSeconds(30));
                Assert.True(b.MayWrite);
                requests = lease.Requests.Count;
                var term = a.Term!;
                Assert.False(term.Lost.IsCancellationRequested);

                // This runs before any timer of the process.
                if (seed % 2 == 0)
                {
                    Assert.Throws<OperationCanceledException>(term.RequireHeld);
                    Assert.True(term.Lost.IsCancellationRequested);
                }

                a.Clock.Resume();
                Assert.False(a.MayWrite);
                Assert.True(term.Lost.IsCancellationRequested);
                world.RunFor(TimeSpan.FromSeconds(30));
                Assert.True(b.MayWrite);
                Assert.DoesNotContain(lease.Requests.Skip(requests), request => request.Process == a.Clock && request.Verb != "get");
                Assert.Equal("b is the leader", a.Notices[^1].Message);
            });
        }
    }

    [Fact]
    public void A_process_suspended_while_acquiring_the_lease_does_not_lead_when_it_resumes() => SimulatedWorld.Run(3, world =>
    {
        var lease = new SimulatedLease(world);
        var a = new SimulatedReplica(world, lease, "a");
        world.RunUntil(() => lease.Holder == "a", Moment, "the Lease names a");
        a.Clock.Suspend();
        var b = new SimulatedReplica(world, lease, "b");
        world.Invariant = () => Assert.False(a.MayWrite && b.MayWrite);
        world.RunFor(TimeSpan.FromSeconds(30));
        Assert.True(b.MayWrite);
        a.Clock.Resume();
        world.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal((0, true), (a.Terms, b.MayWrite));
    });

    [Fact]
    public void Responses_just_within_the_timeout_keep_the_lease() => SimulatedWorld.Run(4, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        lease.Latency = () => TimeSpan.FromSeconds(2.4);
        world.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal((1, 0, true), (a.Terms, b.Terms, a.MayWrite));
    });

    /// <summary>The Lease is renewed but no replica knows: no one leads, and the state is consistent afterwards.</summary>
    [Fact]
    public void With_responses_after_the_timeout_no_one_leads() => SimulatedWorld.Run(5, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        world.Invariant = () => Assert.False(a.MayWrite && b.MayWrite);
        lease.Latency = () => TimeSpan.FromSeconds(3);
        world.RunFor(TimeSpan.FromSeconds(12));
        Assert.False(a.MayWrite);
        world.RunFor(TimeSpan.FromMinutes(10));
        Assert.Equal((1, 0), (a.Terms, b.Terms));
        Assert.Contains(a.Notices, notice => notice.Message.StartsWith("cannot get or acquire the Lease ns/lease: no answer within 5 s; next attempt in ", StringComparison.Ordinal));
        lease.Latency = () => TimeSpan.FromMilliseconds(5);
        world.RunUntil(() => a.MayWrite || b.MayWrite, Options.LeaseDuration + MaxPause + Options.RequestTimeout, "one leads");
    });

    [Theory]
    [InlineData(6, true)]
    [InlineData(15, false)]
    public void Server_errors_end_a_term_only_if_they_outlast_the_deadline(int seconds, bool keeps) => SimulatedWorld.Run(6, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        world.Invariant = () => Assert.False(a.MayWrite && b.MayWrite);
        lease.Refuses = _ => SimulatedLease.Refusal(500, "InternalError");
        world.RunFor(TimeSpan.FromSeconds(seconds));
        lease.Refuses = static _ => null;
        world.RunFor(MaxPause + Moment);

        Assert.Equal(keeps ? 1 : 2, a.Terms + b.Terms);
        Assert.True(a.MayWrite || b.MayWrite);
        world.RunFor(TimeSpan.FromSeconds(10));
        Assert.Contains(a.Notices, notice => notice is LeaderNotice.Recovered);
    });

    [Fact]
    public void Another_holder_in_the_Lease_ends_the_term_at_the_next_renewal() => SimulatedWorld.Run(7, world =>
    {
        var (lease, a, _) = LeaderAndCandidate(world);
        lease.Edit(old => old with { Spec = old.Spec! with { HolderIdentity = "other" } });
        world.RunUntil(() => !a.MayWrite, Options.RetryPeriod + Moment, "a stops leading");
        Assert.Equal("stopped leading: other has acquired the Lease ns/lease", a.Notices[^1].Message);
        Assert.True(a.Term!.Lost.IsCancellationRequested);
        world.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal("other", lease.Holder);
    });

    [Fact]
    public void A_changed_label_does_not_end_the_term() => SimulatedWorld.Run(8, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        world.Invariant = () => Assert.True(a.MayWrite && !b.MayWrite);
        for (var i = 0; i < 20; i++)
        {
            lease.Edit(old => old);
            world.RunFor(TimeSpan.FromSeconds(1.7));
        }

        Assert.Equal((1, 0), (a.Terms, b.Terms));
    });

    /// <summary>Candidates that have seen its holder alive do not treat the deletion as its end.</summary>
    [Fact]
    public void A_deleted_Lease_is_recreated_by_its_leader() => SimulatedWorld.Run(9, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        world.Invariant = () => Assert.True(a.MayWrite && !b.MayWrite);
        for (var i = 0; i < 20; i++)
        {
            lease.Edit(static _ => null);
            world.RunFor(TimeSpan.FromSeconds(3.3));
            Assert.Equal("a", lease.Holder);
        }
    });

    [Fact]
    public void A_deleted_Lease_of_a_dead_leader_is_acquired_after_its_expiry() => SimulatedWorld.Run(10, world =>
    {
        var (lease, a, b) = LeaderAndCandidate(world);
        a.Kill();
        lease.Edit(static _ => null);
        world.RunUntil(() => b.MayWrite, Options.LeaseDuration + MaxPause + Moment, "b leads");
    });

    [Fact]
    public void A_lasting_403_names_the_permission_and_its_end_gives_a_leader_within_5_s() => SimulatedWorld.Run(11, world =>
    {
        var lease = new SimulatedLease(world) { Refuses = _ => SimulatedLease.Refusal(403, "Forbidden") };
        var a = new SimulatedReplica(world, lease, "a");
        world.RunFor(TimeSpan.FromMinutes(10));
        Assert.InRange(lease.Requests.Count, 130, 152);
        Assert.Contains(
            "; grant the verbs get, create and patch on leases.coordination.k8s.io in namespace ns; next attempt in ", a.Notices[^1].Message, StringComparison.Ordinal);
        lease.Refuses = static _ => null;
        world.RunUntil(() => a.MayWrite, TimeSpan.FromSeconds(5), "a leads");
    });

    [Fact]
    public void A_leader_whose_permission_is_revoked_and_granted_again_leads_within_5_s()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            SimulatedWorld.Run(seed, world =>
            {
                var lease = new SimulatedLease(world);
                var a = new SimulatedReplica(world, lease, "a");
                world.RunUntil(() => a.MayWrite, Moment, "a leads");
                world.RunFor(world.Between(1, 10));
                lease.Refuses = _ => SimulatedLease.Refusal(403, "Forbidden");
                world.RunUntil(() => !a.MayWrite, TimeSpan.FromMinutes(1), "a stops leading");
                world.RunFor(world.Between(0, 120));

                lease.Refuses = static _ => null;

                world.RunUntil(() => a.MayWrite, TimeSpan.FromSeconds(5), "a leads again");
            });
        }
    }

    [Fact]
    public void Retry_After_is_respected() => SimulatedWorld.Run(12, world =>
    {
        var busy = new ApiServerException("GET lease", System.Net.HttpStatusCode.TooManyRequests, null, retryAfter: TimeSpan.FromSeconds(20));
        var lease = new SimulatedLease(world) { Refuses = _ => busy };
        _ = new SimulatedReplica(world, lease, "a");
        world.RunFor(TimeSpan.FromMinutes(10));
        Assert.InRange(lease.Requests.Count, 29, 31);
    });

    [Fact]
    public void A_server_that_stores_another_holder_is_not_trusted() => SimulatedWorld.Run(13, world =>
    {
        var lease = new SimulatedLease(world);
        var process = new SimulatedClock(world);
        var access = lease.AccessOf(process);
        var notices = new List<LeaderNotice>();
        var elector = new LeaderElector(
            access with { Create = async (item, cancellation) => (await access.Create(item, cancellation)) with { Spec = new V1LeaseSpec { HolderIdentity = "other" } } },
            Options with { Identity = "a" }, process, notices.Add, world.Random);
        _ = elector.RunAsync(_ => throw new InvalidOperationException("it must not lead"), CancellationToken.None);
        world.RunFor(Moment);
        Assert.Contains("the API server stored the holder \"other\" instead of \"a\"", Assert.Single(notices).Message, StringComparison.Ordinal);
    });

    private static (SimulatedLease Lease, SimulatedReplica Leader, SimulatedReplica Candidate) LeaderAndCandidate(SimulatedWorld world)
    {
        var lease = new SimulatedLease(world);
        var leader = new SimulatedReplica(world, lease, "a", skew: TimeSpan.FromHours(-7));
        world.RunUntil(() => leader.MayWrite, Moment, "a leads");
        var candidate = new SimulatedReplica(world, lease, "b");
        world.RunFor(world.Between(10, 30));
        candidate.Notices.Clear();
        return (lease, leader, candidate);
    }
}
