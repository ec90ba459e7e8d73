using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using IngressController.Routing.Features.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// One rule's limiter: a count per key, of 16 bytes in a table of a few dozen parts with a lock each. A key that says no more than a
/// new one is dropped; keys beyond the cap share <see cref="OverflowPartitions"/> counts, so that memory is bounded and nobody gets
/// around the limit by making keys up (docs/decisions/0008-rate-limiting.md).
/// </summary>
internal sealed partial class KeyedRateLimiter : PartitionedRateLimiter<RateLimitKey>
{
    public const int DefaultMaxKeys = 1_000_000;
    public const int OverflowPartitions = 256;
    public const int ShardCount = 1 << ShardBits;
    private const int ShardBits = 6;

    /// <summary>At the cap, how soon a part is looked through again for idle keys.</summary>
    private static readonly long SweepAtCapEvery = TimeSpan.FromSeconds(1).Ticks;

    private readonly RateLimitShard?[] _shards = new RateLimitShard?[ShardCount];
    private readonly RateLimitRule _rule;
    private readonly Func<int>? _replicas;
    private readonly TimeProvider _time;
    private readonly int _maxKeys;
    private readonly long _began;
    private RateLimitAlgorithm _algorithm;
    private int _keyCount;
    private int _nextSwept;

    public KeyedRateLimiter(RateLimitRule rule, TimeProvider time, Func<int>? replicas = null, int maxKeys = DefaultMaxKeys)
    {
        _rule = rule;
        _time = time;
        _replicas = rule.Scope == RateLimitScope.Cluster ? replicas : null;
        _maxKeys = maxKeys;
        _began = time.GetTimestamp();
        _algorithm = RateLimitAlgorithm.Create(rule, _replicas?.Invoke() ?? 1);
    }

    /// <summary>How many counts are kept.</summary>
    public int KeyCount => Volatile.Read(ref _keyCount);

    private bool ReleasesPermits => _rule.Algorithm == RateLimitAlgorithmKind.Concurrency;

    private RateLimitAlgorithm Algorithm
    {
        get
        {
            var algorithm = _algorithm;
            if (_replicas is null || _replicas() is var replicas && replicas == algorithm.Replicas)
                return algorithm;
            // Two threads that see a change at once create equal ones.
            return _algorithm = RateLimitAlgorithm.Create(_rule, replicas);
        }
    }

    private long Now => _time.GetElapsedTime(_began).Ticks;

    /// <summary>Takes a permit, or says when there is one. Does not allocate for a key that is known.</summary>
    public RateLimitDecision TryAcquire(RateLimitKey key)
    {
        if (TryAcquire(key, isBounded: true, out var decision))
            return decision;
        TryAcquire(OverflowOf(key), isBounded: false, out decision);
        return decision;
    }

    /// <summary>Ends a request of a <see cref="RateLimitAlgorithmKind.Concurrency"/> limit: its permit goes to who waits. The others' permits are used up.</summary>
    public void Release(in RateLimitDecision decision)
    {
        if (ReleasesPermits)
            Undo(decision);
    }

    /// <summary>Takes a permit back as if the request had not come, because another rule refused it: nginx counts only what passes all.</summary>
    public void Undo(in RateLimitDecision decision)
    {
        if (!decision.IsAcquired)
            return;
        var shard = ShardOf(decision.Partition);
        lock (shard.Lock)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrNullRef(shard.States, decision.Partition);
            if (Unsafe.IsNullRef(ref state))
                return; // idle meanwhile
            Algorithm.Undo(ref state);
            if (shard.Queues.TryGetValue(decision.Partition, out var queue))
                Grant_NeedsLock(shard, queue);
            else if (ReleasesPermits && state.Value == 0 && shard.States.Remove(decision.Partition))
                Interlocked.Decrement(ref _keyCount);
        }
    }

    /// <summary>Drops the idle keys of the next parts of the table, each under its own lock.</summary>
    public void Sweep(int shards)
    {
        for (var i = 0; i < shards && KeyCount > 0; i++)
        {
            _nextSwept = (_nextSwept + 1) % ShardCount;
            if (_shards[_nextSwept] is not { } shard)
                continue;
            lock (shard.Lock)
                Interlocked.Add(ref _keyCount, -shard.Sweep_NeedsLock(Algorithm, Now));
        }
    }

    /// <returns>False where the key is new and there is no room for it.</returns>
    private bool TryAcquire(RateLimitKey partition, bool isBounded, out RateLimitDecision decision)
    {
        var shard = ShardOf(partition);
        lock (shard.Lock)
        {
            // Read under the lock: a state's time never runs backwards.
            var now = Now;
            ref var state = ref FindOrAdd_NeedsLock(shard, partition, isBounded, now);
            if (Unsafe.IsNullRef(ref state))
            {
                decision = default;
                return false;
            }

            if (shard.Queues.Count > 0 && shard.Queues.ContainsKey(partition))
            {
                // Who waits was here first.
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
        added = Algorithm.Fresh(now);
        return ref added;
    }

    /// <summary>Parts may add a key each at the same moment: the cap is kept to within their number.</summary>
    private bool HasRoom_NeedsLock(RateLimitShard shard, long now)
    {
        if (KeyCount < _maxKeys)
            return true;
        if (shard.Swept != long.MinValue && now - shard.Swept < SweepAtCapEvery)
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
