using IngressController.Metrics;

namespace IngressController.Events;

/// <summary>How Events fare on their way to the API server; all 0 on replicas that do not lead.</summary>
internal sealed class EventMetrics : IMetricsSource
{
    private long _written;
    private long _failed;
    private long _dropped;
    private int _queued;
    private int _waiting;

    /// <summary>Events that are to be written and have a place in the queue.</summary>
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

    /// <summary>This replica does not lead any more: what it had to write, another one sees for itself.</summary>
    public void TermEnded()
    {
        Volatile.Write(ref _queued, 0);
        Volatile.Write(ref _waiting, 0);
    }

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_events_written_total", "counter", "Events written to the API server, repeated ones and those found there included.");
        text.Sample("yarp_ingress_events_written_total", Interlocked.Read(ref _written));
        text.Family("yarp_ingress_event_write_failures_total", "counter", "Tries to write an Event that failed.");
        text.Sample("yarp_ingress_event_write_failures_total", Interlocked.Read(ref _failed));
        text.Family("yarp_ingress_events_dropped_total", "counter", "Events given up: refused by the API server, or tried too often.");
        text.Sample("yarp_ingress_events_dropped_total", Interlocked.Read(ref _dropped));
        text.Family("yarp_ingress_events_queued", "gauge", "Events to be written: in the queue, or waiting for room in it.");
        text.Sample("yarp_ingress_events_queued", Volatile.Read(ref _queued), ("place", "queue"));
        text.Sample("yarp_ingress_events_queued", Volatile.Read(ref _waiting), ("place", "waiting"));
    }
}
