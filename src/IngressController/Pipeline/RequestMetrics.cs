using System.Collections.Concurrent;
using System.Diagnostics;
using IngressController.Metrics;

namespace IngressController.Pipeline;

/// <summary>
/// Counts requests per Ingress and Service. Labels are bounded by the objects of the cluster, not by the requests of clients.
/// </summary>
internal sealed class RequestMetrics : IMetricsSource
{
    private static readonly ResourceName NoIngress = new("", "");

    /// <summary>Number of new pairs between two sweeps of collected ones.</summary>
    private const int SweepInterval = 1024;

    /// <summary>Weak references: routes hold their counters, so counters without a route are collected.</summary>
    private readonly ConcurrentDictionary<(ResourceName Ingress, ResourceName? Service), WeakReference<RequestCounters>> _counters = new();
    private int _added;

    public RequestMetrics() => Unmatched = For(NoIngress, service: null);

    /// <summary>The counters of requests that match no route or are refused before matching.</summary>
    public RequestCounters Unmatched { get; }

    /// <summary>The counters of a pair, which exist for as long as a route holds them. Called only by the reconcile loop.</summary>
    public RequestCounters For(ResourceName ingress, ResourceName? service)
    {
        var key = (ingress, service);
        if (_counters.TryGetValue(key, out var known) && known.TryGetTarget(out var counters))
            return counters;

        counters = new RequestCounters(ingress, service);
        _counters[key] = new WeakReference<RequestCounters>(counters);
        if (++_added % SweepInterval == 0)
            Sweep();
        return counters;
    }

    public void Write(PrometheusText text)
    {
        var all = _counters.Values.Select(known => known.TryGetTarget(out var counters) ? counters : null)
            .OfType<RequestCounters>().Where(counters => counters.HasRequests).ToArray();
        text.Family("yarp_ingress_requests_total", "counter", "Requests answered, by status class.");
        foreach (var counters in all)
        {
            for (var statusClass = 1; statusClass <= 5; statusClass++)
            {
                if (counters.ByStatusClass(statusClass) is > 0 and var count)
                    text.Sample("yarp_ingress_requests_total", count, [.. counters.Labels, ("code", $"{statusClass}xx")]);
            }
        }

        text.Family("yarp_ingress_request_duration_seconds", "histogram", "Time from the request's headers to the end of the response.");
        foreach (var counters in all)
            counters.Duration.Write(text, "yarp_ingress_request_duration_seconds", counters.Labels);

        text.Family("yarp_ingress_upstream_retries_total", "counter", "Further attempts of requests that an endpoint did not process.");
        foreach (var counters in all)
            text.Sample("yarp_ingress_upstream_retries_total", counters.Retries, counters.Labels);
        text.Family("yarp_ingress_upstream_retries_denied_total", "counter", "Further attempts that the retry budget of the backend did not allow.");
        foreach (var counters in all)
            text.Sample("yarp_ingress_upstream_retries_denied_total", counters.DeniedRetries, counters.Labels);
    }

    private void Sweep()
    {
        foreach (var gone in _counters.Where(entry => !entry.Value.TryGetTarget(out _)))
            _counters.TryRemove(gone);
    }
}

/// <summary>The counters of one Ingress and Service. They outlive revisions.</summary>
internal sealed class RequestCounters(ResourceName ingress, ResourceName? service)
{
    private readonly long[] _byStatusClass = new long[6];
    private long _retries;
    private long _deniedRetries;

    public (string Name, string Value)[] Labels { get; } =
    [
        ("namespace", ingress.Namespace), ("ingress", ingress.Name), ("service", service?.Name ?? ""),
    ];

    public DurationHistogram Duration { get; } = new();

    public long Retries => Interlocked.Read(ref _retries);

    public long DeniedRetries => Interlocked.Read(ref _deniedRetries);

    public bool HasRequests => _byStatusClass.Any(count => count > 0);

    public long ByStatusClass(int statusClass) => Interlocked.Read(ref _byStatusClass[statusClass]);

    public void RequestEnded(int status, long startTimestamp)
    {
        Interlocked.Increment(ref _byStatusClass[Math.Clamp(status / 100, 0, 5)]);
        Duration.Record(Stopwatch.GetElapsedTime(startTimestamp));
    }

    public void Retried() => Interlocked.Increment(ref _retries);

    public void RetryDenied() => Interlocked.Increment(ref _deniedRetries);
}

/// <summary>A histogram of durations with fixed bounds in seconds.</summary>
internal sealed class DurationHistogram
{
    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly long[] _buckets = new long[Bounds.Length + 1];
    private long _ticks;

    public void Record(TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        var bucket = 0;
        while (bucket < Bounds.Length && seconds > Bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }

    public void Write(PrometheusText text, string name, (string Name, string Value)[] labels)
    {
        long cumulative = 0;
        for (var i = 0; i < _buckets.Length; i++)
        {
            cumulative += Interlocked.Read(ref _buckets[i]);
            var bound = i < Bounds.Length ? PrometheusText.Number(Bounds[i]) : "+Inf";
            text.Sample($"{name}_bucket", cumulative, [.. labels, ("le", bound)]);
        }

        text.Sample($"{name}_sum", TimeSpan.FromTicks(Interlocked.Read(ref _ticks)).TotalSeconds, labels);
        text.Sample($"{name}_count", cumulative, labels);
    }
}
