using System.Runtime.CompilerServices;
using IngressController.Http;

namespace IngressController.Exchanges;

/// <summary>The body of a request, which measures its bytes and the time that is spent waiting for them.</summary>
internal sealed class TimedBody(Stream body, TimeProvider time) : ReadOnlyStream
{
    private long _waitsSince;
    private long _waited;
    private long _bytes;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = body.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return WaitAsync(read);
        var count = read.Result;
        Interlocked.Add(ref _bytes, count);
        return new(count);
    }

    /// <summary>True if it came slower than a rate, once it was waited for as long as the grace period. Called by any thread.</summary>
    public bool IsSlowerThan(int bytesPerSecond, TimeSpan gracePeriod, long now)
    {
        var since = Volatile.Read(ref _waitsSince);
        if (since == 0)
            return false;
        var waited = TimeSpan.FromTicks(Volatile.Read(ref _waited)) + time.GetElapsedTime(since, now);
        return waited >= gracePeriod && Interlocked.Read(ref _bytes) < bytesPerSecond * waited.TotalSeconds;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> read)
    {
        var since = Math.Max(1, time.GetTimestamp());
        Volatile.Write(ref _waitsSince, since);
        try
        {
            var count = await read;
            Interlocked.Add(ref _bytes, count);
            return count;
        }
        finally
        {
            Volatile.Write(ref _waited, _waited + time.GetElapsedTime(since).Ticks);
            Volatile.Write(ref _waitsSince, 0);
        }
    }
}
