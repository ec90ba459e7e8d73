using System.Collections.Concurrent;
using IngressController.Metrics;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Counts refused requests per Ingress and rule. Labels are bounded by the objects of the cluster, not by the requests of clients.
/// </summary>
internal sealed class RateLimitMetrics(RateLimiterStore limiters) : IMetricsSource
{
    /// <summary>Number of new rules between two sweeps of collected ones.</summary>
    private const int SweepInterval = 1024;

    /// <summary>Weak references: routes hold their counters, so counters without a route are collected.</summary>
    private readonly ConcurrentDictionary<(ResourceName Ingress, string Rule), WeakReference<RateLimitCounters>> _counters = new();
    private int _added;

    /// <summary>The counters of a rule, which exist for as long as a route holds them. Called only by the reconcile loop.</summary>
    public RateLimitCounters For(ResourceName ingress, string rule)
    {
        if (_counters.TryGetValue((ingress, rule), out var known) && known.TryGetTarget(out var counters))
            return counters;

        counters = new RateLimitCounters(ingress, rule);
        _counters[(ingress, rule)] = new WeakReference<RateLimitCounters>(counters);
        if (++_added % SweepInterval == 0)
            Sweep();
        return counters;
    }

    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_rate_limited_requests_total", "counter", "Requests over a rate limit; with dry_run they passed.");
        foreach (var known in _counters.Values)
        {
            if (!known.TryGetTarget(out var counters))
                continue;
            Sample(counters, counters.Refused, "false");
            Sample(counters, counters.DryRun, "true");
        }

        text.Family("yarp_ingress_rate_limit_keys", "gauge", "Clients and other keys whose requests are counted for rate limits now.");
        text.Sample("yarp_ingress_rate_limit_keys", limiters.KeyCount);

        void Sample(RateLimitCounters counters, long count, string dryRun)
        {
            if (count > 0)
                text.Sample("yarp_ingress_rate_limited_requests_total", count, [.. counters.Labels, ("dry_run", dryRun)]);
        }
    }

    private void Sweep()
    {
        foreach (var gone in _counters.Where(entry => !entry.Value.TryGetTarget(out _)))
            _counters.TryRemove(gone);
    }
}

/// <summary>The counters of one rule of an Ingress. They outlive revisions.</summary>
internal sealed class RateLimitCounters(ResourceName ingress, string rule)
{
    private long _refused;
    private long _dryRun;

    public (string Name, string Value)[] Labels { get; } = [("namespace", ingress.Namespace), ("ingress", ingress.Name), ("rule", rule)];

    public long Refused => Interlocked.Read(ref _refused);

    public long DryRun => Interlocked.Read(ref _dryRun);

    /// <summary>Counts a request over the limit.</summary>
    /// <param name="isDryRun">True if the request passes despite the limit.</param>
    public void OverLimit(bool isDryRun) => Interlocked.Increment(ref isDryRun ? ref _dryRun : ref _refused);
}
