using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// The limiter of a rule. Stores 16 bytes of state per key in a table of <see cref="ShardCount"/> shards, each with a lock. Idle keys are
/// removed. Keys beyond the maximum share <see cref="OverflowPartitions"/> counts, so that memory is bounded and invented keys do not evade
/// the limit (docs/decisions/0008-rate-limiting.md).
/// </summary>
internal sealed partial class KeyedRateLimiter : PartitionedRateLimiter<RateLimitKey>
{
    public const int DefaultMaxKeys = 1_000_000;
    public const int OverflowPartitions = 256;
    public const int ShardCount = 1 << ShardBits;
    private const int ShardBits = 6;

    /// <summary>The minimum time between two sweeps of a shard when the maximum number of keys is reached.</summary>
    private static readonly long SweepIntervalAtMaxKeys = TimeSpan.FromSeconds(1).Ticks;

    private readonly RateLimitShard?[] _shards = new RateLimitShard?[ShardCount];
    private readonly RateLimitRule _rule;
    private readonly Func<int>? _replicas;
    private readonly TimeProvider _time;
    private readonly int _maxKeys;
    private readonly long _started;
    private RateLimitAlgorithm _algorithm;
    private int _keyCount;
    private int _lastSweptShard;

    public KeyedRateLimiter(RateLimitRule rule, TimeProvider time, Func<int>? replicas = null, int maxKeys = DefaultMaxKeys)
    {
        _rule = rule;
        _time = time;
        _replicas = rule.Scope == RateLimitScope.Cluster ? replicas : null;
        _maxKeys = maxKeys;
        _started = time.GetTimestamp();
        _algorithm = RateLimitAlgorithm.Create(rule, _replicas?.Invoke() ?? 1);
    }

    /// <summary>Number of stored keys.</summary>
    public int KeyCount => Volatile.Read(ref _keyCount);

    private bool ReleasesPermits => _rule.Algorithm == RateLimitAlgorithmKind.Concurrency;

    private RateLimitAlgorithm Algorithm
    {
        get
        {
            var algorithm = _algorithm;
            if (_replicas is null || _replicas() is var replicas && replicas == algorithm.Replicas)
                return algorithm;
            // Threads that see a change at the same time create equal algorithms.
            return _algorithm = RateLimitAlgorithm.Create(_rule, replicas);
        }
    }

    private long Now => _time.GetElapsedTime(_started).Ticks;

    /// <summary>Takes a permit, or returns the time until there is one. Does not allocate for a known key.</summary>
    public RateLimitDecision TryAcquire(RateLimitKey key)
    {
        if (TryAcquire(key, isBounded: true, out var decision))
            return decision;
        TryAcquire(OverflowOf(key), isBounded: false, out decision);
        return decision;
    }

    /// <summary>
    /// Ends a request of a <see cref="RateLimitAlgorithmKind.Concurrency"/> limit: a waiting request gets the permit. Permits of other
    /// limits are not returned.
    /// </summary>
    public void Release(in RateLimitDecision decision)
    {
        if (ReleasesPermits)
            Undo(decision);
    }

    /// <summary>
    /// Returns the permit of a request that another rule refused. As in nginx, only requests that pass all rules are counted.
    /// </summary>
    public void Undo(in RateLimitDecision decision)
    {
        if (!decision.IsAcquired)
            return;
        var shard = ShardOf(decision.Partition);
        lock (shard.Lock)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrNullRef(shard.States, decision.Partition);
            if (Unsafe.IsNullRef(ref state))
                return; // removed as idle
            Algorithm.Undo(ref state);
            if (shard.Queues.TryGetValue(decision.Partition, out var queue))
                Grant_NeedsLock(shard, queue);
            else if (ReleasesPermits && state.Value == 0 && shard.States.Remove(decision.Partition))
                Interlocked.Decrement(ref _keyCount);
        }
    }

    /// <summary>Removes the idle keys of the next shards, each under its own lock.</summary>
    public void Sweep(int shards)
    {
        for (var i = 0; i < shards && KeyCount > 0; i++)
        {
            _lastSweptShard = (_lastSweptShard + 1) % ShardCount;
            if (_shards[_lastSweptShard] is not { } shard)
                continue;
            lock (shard.Lock)
                Interlocked.Add(ref _keyCount, -shard.Sweep_NeedsLock(Algorithm, Now));
        }
    }

    /// <returns>False if the key is new and there is no room for it.</returns>
    private bool TryAcquire(RateLimitKey partition, bool isBounded, out RateLimitDecision decision)
    {
        var shard = ShardOf(partition);
        lock (shard.Lock)
        {
            // Read under the lock, so that the time of a state never goes backwards.
            var now = Now;
            ref var state = ref FindOrAdd_NeedsLock(shard, partition, isBounded, now);
            if (Unsafe.IsNullRef(ref state))
            {
                decision = default;
                return false;
            }

            if (shard.Queues.Count > 0 && shard.Queues.ContainsKey(partition))
            {
                // Waiting requests have precedence.
                var probe = state;
                decision = Algorithm.TryAcquire(ref probe, now) with { IsAcquired = false, Remaining = 0, Partition = partition };
            }
            else
            {
                decision = Algorithm.TryAcquire(ref state, now) with { Partition = partition };
            }

            return true;
        }
    }

    private ref RateLimitState FindOrAdd_NeedsLock(RateLimitShard shard, RateLimitKey partition, bool isBounded, long now)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(shard.States, partition);
        if (!Unsafe.IsNullRef(ref known) || (isBounded && !HasRoom_NeedsLock(shard, now)))
            return ref known;
        Interlocked.Increment(ref _keyCount);
        ref var added = ref CollectionsMarshal.GetValueRefOrAddDefault(shard.States, partition, out _);
        added = Algorithm.Initial(now);
        return ref added;
    }

    /// <summary>
    /// True if a key can be added. Each shard can add one at the same moment, so the maximum can be exceeded by their number.
    /// </summary>
    private bool HasRoom_NeedsLock(RateLimitShard shard, long now)
    {
        if (KeyCount < _maxKeys)
            return true;
        if (shard.LastSweep != long.MinValue && now - shard.LastSweep < SweepIntervalAtMaxKeys)
            return false;
        Interlocked.Add(ref _keyCount, -shard.Sweep_NeedsLock(Algorithm, now));
        return KeyCount < _maxKeys;
    }

    private RateLimitShard ShardOf(RateLimitKey key)
    {
        ref var shard = ref _shards[(uint)key.GetHashCode() >> (32 - ShardBits)];
        return Volatile.Read(ref shard) ?? Interlocked.CompareExchange(ref shard, new RateLimitShard(), null) ?? shard;
    }

    private static RateLimitKey OverflowOf(RateLimitKey key) => RateLimitKey.Overflow(key.GetHashCode() & (OverflowPartitions - 1));
}
