using IngressController.Metrics;
using IngressController.Pipeline;

namespace IngressController.Reconciliation;

/// <summary>The metrics of the reconcile loop.</summary>
internal sealed class ReconcileMetrics : IMetricsSource
{
    private long _revision;
    private long _failures;

    /// <summary>Number of revisions that have become live; 0 until the first.</summary>
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
        text.Family("yarp_ingress_revisions_total", "counter", "Revisions that became live.");
        text.Sample("yarp_ingress_revisions_total", Revision);
        text.Family("yarp_ingress_revision_failures_total", "counter", "Revisions that could not be built, because of a bug in the controller.");
        text.Sample("yarp_ingress_revision_failures_total", Interlocked.Read(ref _failures));
        text.Family("yarp_ingress_revision_duration_seconds", "histogram", "Time from taking a snapshot until its revision is live.");
        Duration.Write(text, "yarp_ingress_revision_duration_seconds", []);
    }
}
