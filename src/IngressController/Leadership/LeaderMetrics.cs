using IngressController.Kubernetes.Leasing;
using IngressController.Metrics;

namespace IngressController.Leadership;

/// <summary>The metrics of the leader election.</summary>
internal sealed class LeaderMetrics
{
    private long _terms;
    private long _failures;

    public void OnNotice(LeaderNotice notice)
    {
        switch (notice)
        {
            case LeaderNotice.StartedLeading:
                Interlocked.Increment(ref _terms);
                break;
            case LeaderNotice.Failed:
                Interlocked.Increment(ref _failures);
                break;
        }
    }

    public void Write(PrometheusText text, bool isLeader)
    {
        text.Family("yarp_ingress_leader", "gauge", "1 if this replica is the leader, which writes status and Events, else 0.");
        text.Sample("yarp_ingress_leader", isLeader ? 1 : 0);
        text.Family("yarp_ingress_leader_terms_total", "counter", "Times this replica has become the leader.");
        text.Sample("yarp_ingress_leader_terms_total", Interlocked.Read(ref _terms));
        text.Family("yarp_ingress_lease_failures_total", "counter", "Failed requests to get, acquire, renew or release the lease.");
        text.Sample("yarp_ingress_lease_failures_total", Interlocked.Read(ref _failures));
    }
}
