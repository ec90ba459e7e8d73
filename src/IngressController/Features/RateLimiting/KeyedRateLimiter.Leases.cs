using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Implements System.Threading.RateLimiting. The proxy itself calls the methods in the other files, which do not allocate.
/// </summary>
internal sealed partial class KeyedRateLimiter
{
    /// <summary>Returns null for an unknown key. Leases are not counted per key.</summary>
    public override RateLimiterStatistics? GetStatistics(RateLimitKey resource)
    {
        var shard = ShardOf(resource);
        lock (shard.Lock)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrNullRef(shard.States, resource);
            if (Unsafe.IsNullRef(ref state))
                return null;
            var probe = state;
            var decision = Algorithm.TryAcquire(ref probe, Now);
            return new RateLimiterStatistics
            {
                CurrentAvailablePermits = decision.Remaining + (decision.IsAcquired ? 1 : 0),
                CurrentQueuedCount = shard.Queues.TryGetValue(resource, out var queue) ? queue.Count : 0,
            };
        }
    }

    protected override RateLimitLease AttemptAcquireCore(RateLimitKey resource, int permitCount)
    {
        ThrowUnlessOne(permitCount);
        return new Lease(this, TryAcquire(resource));
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(RateLimitKey resource, int permitCount, CancellationToken cancellationToken)
    {
        ThrowUnlessOne(permitCount);
        return new Lease(this, await WaitAsync(resource, cancellationToken));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            RefuseAllWaiters();
        base.Dispose(disposing);
    }

    /// <summary>A request takes one permit.</summary>
    private static void ThrowUnlessOne(int permitCount) => ArgumentOutOfRangeException.ThrowIfNotEqual(permitCount, 1);

    private sealed class Lease(KeyedRateLimiter limiter, RateLimitDecision decision) : RateLimitLease
    {
        private int _isReleased;

        public override bool IsAcquired => decision.IsAcquired;

        public override IEnumerable<string> MetadataNames => HasRetryAfter ? [MetadataName.RetryAfter.Name] : [];

        private bool HasRetryAfter => !decision.IsAcquired && decision.RetryAfter > TimeSpan.Zero;

        public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
        {
            metadata = HasRetryAfter && metadataName == MetadataName.RetryAfter.Name ? decision.RetryAfter : null;
            return metadata is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _isReleased, 1) == 0)
                limiter.Release(decision);
            base.Dispose(disposing);
        }
    }
}
