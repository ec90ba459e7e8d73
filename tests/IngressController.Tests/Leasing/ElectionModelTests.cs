using IngressController.Kubernetes.Leasing;

namespace IngressController.Tests.Leasing;

/// <summary>
/// Three candidates in a world where processes stop, die and restart, networks lose and delay, servers refuse, clocks run apart and
/// people edit: never may two write, and when that ends, one leads again in time.
/// </summary>
public sealed class ElectionModelTests
{
    private static readonly TimeSpan Trouble = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(12);

    /// <summary>The slowest clock of the model; 10 s of deadline and 15 s of lease would bear more.</summary>
    private const double SlowestRate = 0.9;

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, 8)];

    [Theory]
    [MemberData(nameof(Blocks))]
    public void At_most_one_replica_writes_and_one_leads_again_after_the_faults(int block)
    {
        var terms = 0;
        for (var seed = block * 50; seed < (block + 1) * 50; seed++)
            SimulatedWorld.Run(seed, world => terms += new Model(world).Run());
        // Else the trouble is none, and nothing was tried.
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
                Latency = () => world.Chance(_longDelayRate) ? world.Between(0, LongestDelay.TotalSeconds) : world.Between(0.001, 0.05),
            };
            _lease.OnWrite = lease =>
            {
                // The moment another takes it: nobody else may believe to have it, stopped or not.
                var writers = _replicas.Where(replica => replica.MayWrite && replica.Identity != lease.Spec!.HolderIdentity).ToArray();
                Assert.True(writers.Length == 0, $"{world.Now}: {lease.Spec!.HolderIdentity} takes the lease while {writers.FirstOrDefault()?.Identity} may write");
            };
            world.Invariant = () =>
            {
                var writers = _replicas.Where(replica => replica.MayWrite).Select(replica => replica.Identity).ToArray();
                Assert.True(writers.Length <= 1, $"{world.Now}: {string.Join(" and ", writers)} may write");
            };
        }

        /// <returns>How many terms there were.</returns>
        public int Run()
        {
            for (var i = 0; i < 3; i++)
                _replicas.Add(Start());
            _world.After(_world.Between(0, 10), Strike);
            _world.RunUntil(Trouble);
            Heal();

            var options = SimulatedReplica.Options;
            // What was under way when the trouble ended may still renew the lease of a dead leader; then its record has to age, and a
            // candidate has to look, for which a request that was lost must have timed out.
            var limit = LongestDelay + LongestDelay
                + ((options.LeaseDuration + (options.RetryPeriod * 2 * (1 + LeaderElectorOptions.JitterFactor)) + options.RequestTimeout) / SlowestRate);
            _world.RunUntil(() => _replicas.Exists(replica => replica.MayWrite), limit, "one leads");
            _world.RunFor(TimeSpan.FromMinutes(1));
            var leader = Assert.Single(_replicas, replica => replica.MayWrite);
            Assert.Equal(leader.Identity, _lease.Holder);
            _replicas.ForEach(replica => replica.RequireSound());
            return _terms + _replicas.Sum(replica => replica.Terms);
        }

        private SimulatedReplica Start() => new(
            _world, _lease, $"replica-{_started++}", SlowestRate + (_world.Random.NextDouble() * 2 * (1 - SlowestRate)),
            TimeSpan.FromHours(_world.Random.Next(-10, 10)))
        {
            WorkEndsAfter = _world.Chance(0.5) ? TimeSpan.Zero : _world.Between(0, 3),
        };

        private void Strike()
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
                    replica.Clock.Stop();
                    _world.After(_world.Between(0, 40), replica.Clock.Wake);
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

            _world.After(_world.Between(0, 12), Strike);
        }

        private void Restart(int index, SimulatedReplica old)
        {
            if (_replicas[index] != old)
                return;
            old.RequireSound();
            old.Kill();
            _terms += old.Terms;
            _replicas[index] = Start();
        }

        private void Heal()
        {
            _isOver = true;
            (_lossRate, _refusalRate, _longDelayRate) = (0, 0, 0);
            _cutOff.Clear();
            _replicas.ForEach(replica => replica.Clock.Wake());
        }
    }
}
