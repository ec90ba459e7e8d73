using IngressController.Metrics;
using IngressController.Pipeline;
using IngressController.Sources;
using IngressController.Tls;

namespace IngressController.Admin;

/// <summary>The page of all metrics.</summary>
internal sealed class MetricsPage(
    IEnumerable<IMetricsSource> areas, LiveRevision revisions, ClusterStore store, HealthState health)
{
    public string Write()
    {
        var text = new PrometheusText();
        var revision = revisions.Current;
        var live = revision.Translation;
        foreach (var area in areas)
            area.Write(text);

        text.Family("yarp_ingress_ready", "gauge", "1 if this replica is ready, else 0.");
        text.Sample("yarp_ingress_ready", health.NotReadyReason is null ? 1 : 0);
        text.Family("yarp_ingress_ingresses", "gauge", "Claimed Ingresses.");
        text.Sample("yarp_ingress_ingresses", live.ClaimedIngresses);
        text.Family("yarp_ingress_hosts", "gauge", "Hosts in the live routing table.");
        text.Sample("yarp_ingress_hosts", live.Table.Hosts.Count);
        text.Family("yarp_ingress_backends", "gauge", "Service ports in the live routing table.");
        text.Sample("yarp_ingress_backends", live.Table.Backends.Count);

        text.Family("yarp_ingress_diagnostics", "gauge", "Current problems of objects, by code and severity.");
        foreach (var group in live.CollectDiagnostics().Concat(store.Unreadable).GroupBy(diagnostic => (diagnostic.Code, diagnostic.Severity)).OrderBy(group => group.Key))
        {
            text.Sample("yarp_ingress_diagnostics", group.Count(),
                ("code", group.Key.Code.ToString()), ("severity", group.Key.Severity.ToString()));
        }

        text.Family("yarp_ingress_certificate_expiry_seconds", "gauge", "Expiry time of the certificate of a host, or of the default certificate, in seconds since 1970.");
        var table = revision.Certificates;
        foreach (var (host, served) in table.Hosts.Append(KeyValuePair.Create<string, ServerCertificate?>("(default)", table.Default)))
        {
            if (served?.Certificate is { } certificate)
                text.Sample("yarp_ingress_certificate_expiry_seconds", certificate.NotAfter.ToUnixTimeSeconds(), ("host", host));
        }

        text.Family("process_resident_memory_bytes", "gauge", "Resident memory.");
        text.Sample("process_resident_memory_bytes", Environment.WorkingSet);
        return text.ToString();
    }
}
