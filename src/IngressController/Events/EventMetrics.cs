using IngressController.Metrics;

namespace IngressController.Events;

/// <summary>The metrics of Events; all 0 on replicas that never led.</summary>
internal sealed class EventMetrics : IMetricsSource
{
    private long _written;
    private long _failed;
    private long _dropped;
    private int _queued;
    private int _waiting;

    /// <summary>Number of Events in the queue, those being written included.</summary>
    public int Queued
    {
        set => Volatile.Write(ref _queued, value);
    }

    public void Written() => Interlocked.Increment(ref _written);

    public void Failed() => Interlocked.Increment(ref _failed);

    public void Dropped() => Interlocked.Increment(ref _dropped);

    public void Planned(EventPlan plan)
    {
        Volatile.Write(ref _waiting, plan.Waiting);
        Interlocked.Add(ref _queued, plan.Writes.Length);
    }

    /// <summary>Resets the gauges when this replica no longer leads; the next leader plans the Events itself.</summary>
    public void Reset()
    {
        Volatile.Write(ref _queued, 0);
        Volatile.Write(ref _waiting, 0);
    }

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_events_written_total", "counter", "Events written to the API server, repeated and adopted ones included.");
        text.Sample("yarp_ingress_events_written_total", Interlocked.Read(ref _written));
        text.Family("yarp_ingress_event_write_failures_total", "counter", "Failed attempts to write an Event.");
        text.Sample("yarp_ingress_event_write_failures_total", Interlocked.Read(ref _failed));
        text.Family("yarp_ingress_events_dropped_total", "counter", "Events given up: rejected by the API server, or after too many attempts.");
        text.Sample("yarp_ingress_events_dropped_total", Interlocked.Read(ref _dropped));
        text.Family("yarp_ingress_events_queued", "gauge", "Events to be written: in the queue, or waiting for room in it.");
        text.Sample("yarp_ingress_events_queued", Volatile.Read(ref _queued), ("place", "queue"));
        text.Sample("yarp_ingress_events_queued", Volatile.Read(ref _waiting), ("place", "waiting"));
    }
}
