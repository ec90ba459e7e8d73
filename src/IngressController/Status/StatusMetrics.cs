using System.Collections.Concurrent;
using IngressController.Metrics;

namespace IngressController.Status;

/// <summary>How the statuses of Ingresses fare; all zero where another replica is the leader.</summary>
internal sealed class StatusMetrics : IMetricsSource
{
    private readonly ConcurrentDictionary<string, long> _writes = new(StringComparer.Ordinal);
    private int _pending;

    /// <summary>How many statuses are not as they should be.</summary>
    public int Pending
    {
        get => Volatile.Read(ref _pending);
        set => Volatile.Write(ref _pending, value);
    }

    public void Count(string result) => _writes.AddOrUpdate(result, 1, static (_, count) => count + 1);

    /// <summary>How many requests ended so.</summary>
    public long Of(string result) => _writes.GetValueOrDefault(result);

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_status_writes_total", "counter", "Requests that write the status of an Ingress, by how they ended.");
        foreach (var (result, count) in _writes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            text.Sample("yarp_ingress_status_writes_total", count, ("result", result));
        text.Family("yarp_ingress_status_pending", "gauge", "Ingresses whose status is still to be written; 0 on replicas that do not lead.");
        text.Sample("yarp_ingress_status_pending", Pending);
    }
}
