using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream.Balancing;

/// <summary>The attempt of a request at an endpoint of a cluster whose loads are counted.</summary>
internal sealed class CountedAttempt
{
    /// <summary>What a failed attempt counts as, at least: an endpoint that fails at once would seem to be the fastest.</summary>
    private static readonly TimeSpan FailureTime = TimeSpan.FromSeconds(1);

    private readonly EndpointLoad _load;
    private readonly TimeProvider _time;
    private readonly long _began;
    private bool _hasHead;
    private bool _hasEnded;

    private CountedAttempt(EndpointLoad load, TimeProvider time)
    {
        (_load, _time, _began) = (load, time, time.GetTimestamp());
        load.Begin();
    }

    /// <summary>Begins an attempt; null if the endpoint is gone.</summary>
    public static CountedAttempt? Begin(EndpointLoads loads, DestinationState endpoint) => loads.Of(endpoint) is { } load ? new(load, loads.Time) : null;

    /// <summary>Records the time to the head of the response.</summary>
    public void HeadCame()
    {
        if (_hasHead)
            return;
        _hasHead = true;
        _load.Measure(_time.GetElapsedTime(_began), _time);
    }

    /// <summary>Ends the attempt.</summary>
    /// <param name="wasCanceled">True if the client has gone: then the endpoint has not failed, but it may have been slow.</param>
    public void End(bool wasCanceled)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        _load.End();
        if (_hasHead)
            return;
        var elapsed = _time.GetElapsedTime(_began);
        if (!wasCanceled)
            _load.Measure(elapsed > FailureTime ? elapsed : FailureTime, _time);
        else if (elapsed.TotalMilliseconds > _load.AverageAt(_time.GetTimestamp(), _time))
            _load.Measure(elapsed, _time);
    }
}
