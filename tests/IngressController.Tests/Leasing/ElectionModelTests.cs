using IngressController.Kubernetes.Leasing;

namespace IngressController.Tests.Leasing;

/// <summary>
/// Three candidates in a simulation in which processes are suspended, die and restart, networks lose and delay messages, servers return
/// errors, clocks drift and people edit the Lease: two never write at the same time, and after the faults one leads again in time.
/// </summary>
public sealed class ElectionModelTests
{
    private static readonly TimeSpan FaultPhase = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(12);

    /// <summary>The rate of the slowest clock; a deadline of 10 s and a lease of 15 s would tolerate more.</summary>
    private const double MinRate = 0.9;

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, 8)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void At_most_one_replica_writes_and_one_leads_again_after_the_faults(int block)
    {
        var terms = 0;
        for (var seed = block * 50; seed < (block + 1) * 50; seed++)
            SimulatedWorld.Run(seed, world => terms += new Model(world).Run());
        // With fewer terms the faults would test nothing.
        Assert.True(terms > 50 * 4, $"{terms} terms in 50 runs");
    }

    private sealed class Model
    {
        private readonly SimulatedWorld _world;
        private readonly SimulatedLease _lease;
        private readonly List<SimulatedReplica> _replicas = [];
        private readonly HashSet<SimulatedClock> _cutOff = [];
        private double _lossRate;
        private double _refusalRate;
        private double _longDelayRate;
        private bool _isOver;
        private int _started;
        private int _terms;

        public Model(SimulatedWorld world)
        {
            _world = world;
            _lease = new SimulatedLease(world)
            {
                Loses = process => _cutOff.Contains(process) || world.Chance(_lossRate),
                Refuses = _ => world.Chance(_refusalRate) ? SimulatedLease.Refusal(500, "InternalError") : null,
                Latency = () => world.Chance(_longDelayRate) ? world.Between(0, MaxDelay.TotalSeconds) : world.Between(0.001, 0.05),
            };
            _lease.OnWrite = lease =>
            {
                // When another acquires the lease, no one else may be able to write, suspended or not.
                var writers = _replicas.Where(replica => replica.MayWrite && replica.Identity != lease.Spec!.HolderIdentity).ToArray();
                Assert.True(writers.Length == 0, $"{world.Now}: {lease.Spec!.HolderIdentity} takes the lease while {writers.FirstOrDefault()?.Identity} may write");
            };
            world.Invariant = () =>
            {
                var writers = _replicas.Where(replica => replica.MayWrite).Select(replica => replica.Identity).ToArray();
                Assert.True(writers.Length <= 1, $"{world.Now}: {string.Join(" and ", writers)} may write");
            };
        }

        /// <returns>Number of terms.</returns>
        public int Run()
        {
            for (var i = 0; i < 3; i++)
                _replicas.Add(Start());
            _world.After(_world.Between(0, 10), InjectFault);
            _world.RunUntil(FaultPhase);
            EndFaults();

            var options = SimulatedReplica.Options;
            // A request in flight at the end of the faults may still renew the lease of a dead leader. Then its record has to expire and a
            // candidate has to read it, for which a lost request must have timed out.
            var limit = MaxDelay + MaxDelay
                + ((options.LeaseDuration + (options.RetryPeriod * 2 * (1 + LeaderElectorOptions.JitterFactor)) + options.RequestTimeout) / MinRate);
            _world.RunUntil(() => _replicas.Exists(replica => replica.MayWrite), limit, "one leads");
            _world.RunFor(TimeSpan.FromMinutes(1));
            var leader = Assert.Single(_replicas, replica => replica.MayWrite);
            Assert.Equal(leader.Identity, _lease.Holder);
            _replicas.ForEach(replica => replica.RequireNotFaulted());
            return _terms + _replicas.Sum(replica => replica.Terms);
        }

        private SimulatedReplica Start() => new(
            _world, _lease, $"replica-{_started++}", MinRate + (_world.Random.NextDouble() * 2 * (1 - MinRate)),
            TimeSpan.FromHours(_world.Random.Next(-10, 10)))
        {
            WorkEndsAfter = _world.Chance(0.5) ? TimeSpan.Zero : _world.Between(0, 3),
        };

        private void InjectFault()
        {
            if (_isOver)
                return;
            var index = _world.Random.Next(_replicas.Count);
            var replica = _replicas[index];
            switch (_world.Random.Next(9))
            {
                case 0:
                    _cutOff.Add(replica.Clock);
                    _world.After(_world.Between(0, 40), () => _cutOff.Remove(replica.Clock));
                    break;
                case 1 or 2:
                    replica.Clock.Suspend();
                    _world.After(_world.Between(0, 40), replica.Clock.Resume);
                    break;
                case 3:
                    replica.Kill();
                    Restart(index, replica);
                    break;
                case 4:
                    replica.Terminate();
                    _world.After(_world.Between(5, 20), () => Restart(index, replica));
                    break;
                case 5:
                    _lossRate = _world.Chance(0.5) ? 0 : _world.Random.NextDouble();
                    break;
                case 6:
                    _refusalRate = _world.Chance(0.5) ? 0 : _world.Random.NextDouble();
                    break;
                case 7:
                    _longDelayRate = _world.Chance(0.5) ? 0 : _world.Random.NextDouble();
                    break;
                case 8:
                    _lease.Edit(lease => lease);
                    break;
            }

            _world.After(_world.Between(0, 12), InjectFault);
        }

        private void Restart(int index, SimulatedReplica old)
        {
            if (_replicas[index] != old)
                return;
            old.RequireNotFaulted();
            old.Kill();
            _terms += old.Terms;
            _replicas[index] = Start();
        }

        private void EndFaults()
        {
            _isOver = true;
            (_lossRate, _refusalRate, _longDelayRate) = (0, 0, 0);
            _cutOff.Clear();
            _replicas.ForEach(replica => replica.Clock.Resume());
        }
    }
}
