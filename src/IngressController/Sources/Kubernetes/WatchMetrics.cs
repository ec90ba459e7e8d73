using System.Collections.Concurrent;
using IngressController.Kubernetes.Watching;
using IngressController.Metrics;

namespace IngressController.Sources.Kubernetes;

/// <summary>The metrics of the watches of the API server.</summary>
internal sealed class WatchMetrics : IMetricsSource
{
    private readonly ConcurrentDictionary<string, long> _lists = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _failures = new(StringComparer.Ordinal);

    public void OnNotice(ReflectorNotice notice)
    {
        switch (notice)
        {
            case ReflectorNotice.Listed:
                _lists.AddOrUpdate(notice.Resource, 1, static (_, count) => count + 1);
                break;
            case ReflectorNotice.Failed:
                _failures.AddOrUpdate(notice.Resource, 1, static (_, count) => count + 1);
                break;
        }
    }

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_watch_lists_total", "counter", "Complete lists received from the API server.");
        foreach (var (resource, count) in _lists)
            text.Sample("yarp_ingress_watch_lists_total", count, ("resource", resource));
        text.Family("yarp_ingress_watch_failures_total", "counter", "Failed lists and watches.");
        foreach (var (resource, count) in _failures)
            text.Sample("yarp_ingress_watch_failures_total", count, ("resource", resource));
    }
}
