using IngressController.Metrics;
using IngressController.Pipeline;

namespace IngressController.Reconciliation;

/// <summary>How the reconcile loop fares.</summary>
internal sealed class ReconcileMetrics : IMetricsSource
{
    private long _revision;
    private long _failures;

    /// <summary>How many revisions have become live; 0 until the first.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    public DurationHistogram Duration { get; } = new();

    public void Applied(TimeSpan duration)
    {
        Duration.Record(duration);
        Interlocked.Increment(ref _revision);
    }

    public void Failed() => Interlocked.Increment(ref _failures);

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_revisions_total", "counter", "Configurations made live.");
        text.Sample("yarp_ingress_revisions_total", Revision);
        text.Family("yarp_ingress_revision_failures_total", "counter", "Configurations that could not be made live: defects of this program.");
        text.Sample("yarp_ingress_revision_failures_total", Interlocked.Read(ref _failures));
        text.Family("yarp_ingress_revision_duration_seconds", "histogram", "Time from a snapshot to its being live.");
        Duration.Write(text, "yarp_ingress_revision_duration_seconds", []);
    }
}
