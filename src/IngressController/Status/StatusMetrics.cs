using System.Collections.Concurrent;
using IngressController.Metrics;

namespace IngressController.Status;

/// <summary>The metrics of the status of Ingresses; all zero where another replica is the leader.</summary>
internal sealed class StatusMetrics : IMetricsSource
{
    private readonly ConcurrentDictionary<string, long> _writes = new(StringComparer.Ordinal);
    private int _pending;

    /// <summary>Number of Ingresses whose status is still to be written.</summary>
    public int Pending
    {
        get => Volatile.Read(ref _pending);
        set => Volatile.Write(ref _pending, value);
    }

    public void Count(string result) => _writes.AddOrUpdate(result, 1, static (_, count) => count + 1);

    /// <summary>Returns the number of requests with a result.</summary>
    public long Of(string result) => _writes.GetValueOrDefault(result);

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_status_writes_total", "counter", "Requests to write the status of an Ingress, by result.");
        foreach (var (result, count) in _writes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            text.Sample("yarp_ingress_status_writes_total", count, ("result", result));
        text.Family("yarp_ingress_status_pending", "gauge", "Ingresses whose status is still to be written; 0 on replicas that do not lead.");
        text.Sample("yarp_ingress_status_pending", Pending);
    }
}
