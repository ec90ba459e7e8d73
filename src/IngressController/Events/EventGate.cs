namespace IngressController.Events;

/// <summary>Lets requests pass one by one, no more than the API server should bear.</summary>
internal sealed class EventGate(TimeProvider time)
{
    /// <summary>Requests a second, when there are many.</summary>
    public const int PerSecond = 10;

    /// <summary>Requests that may follow each other at once after a quiet time.</summary>
    public const int Burst = 50;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1.0 / PerSecond);

    /// <summary>The generic cell rate algorithm: when the next request would come if they came evenly; runs ahead of the clock by what is used of the burst.</summary>
    private TimeSpan _next;

    private readonly long _start = time.GetTimestamp();

    /// <summary>Completes when the next request may be sent.</summary>
    public async Task PassAsync(CancellationToken cancellation)
    {
        var now = time.GetElapsedTime(_start);
        _next = _next > now ? _next : now;
        var wait = _next - now - ((Burst - 1) * Interval);
        _next += Interval;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellation);
        cancellation.ThrowIfCancellationRequested();
    }
}
