using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream.Balancing;

/// <summary>The requests in flight at an endpoint, and its response times.</summary>
internal sealed class EndpointLoad(DestinationState endpoint)
{
    /// <summary>The time over which the average forgets, as in ingress-nginx.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    private int _inFlight;

    /// <summary>The average in milliseconds at <see cref="_measuredAt"/>; 0 if nothing was measured yet.</summary>
    private double _average;

    private long _measuredAt;

    public DestinationState Endpoint => endpoint;

    public int InFlight => Volatile.Read(ref _inFlight);

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>
    /// Records a response time: a slower one is the average at once, a faster one moves it as far as time has passed. Of two requests that do
    /// so at the same moment, one can be lost.
    /// </summary>
    public void Measure(TimeSpan elapsed, TimeProvider time)
    {
        var now = time.GetTimestamp();
        var weight = WeightAt(now, time);
        var (average, sample) = (Volatile.Read(ref _average), elapsed.TotalMilliseconds);
        Volatile.Write(ref _average, sample >= average ? sample : (average * weight) + (sample * (1 - weight)));
        Volatile.Write(ref _measuredAt, now);
    }

    /// <summary>The average, which decays while nothing is measured, so that a slow endpoint is tried again.</summary>
    public double AverageAt(long now, TimeProvider time) => Volatile.Read(ref _average) * WeightAt(now, time);

    /// <summary>The expected time of one more request.</summary>
    public double CostAt(long now, TimeProvider time) => AverageAt(now, time) * (InFlight + 1);

    /// <summary>Starts with the average of others: as a new endpoint it would get all requests, and as an idle one none.</summary>
    public void StartWith(double average, TimeProvider time) => (_average, _measuredAt) = (average, time.GetTimestamp());

    private double WeightAt(long now, TimeProvider time) => Math.Exp(-(time.GetElapsedTime(Volatile.Read(ref _measuredAt), now) / Memory));
}
