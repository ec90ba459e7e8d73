using IngressController.Kubernetes.Models;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;

namespace IngressController.Routing.Translation;

/// <summary>Reads <c>spec.tls</c> of one Ingress: which hosts want which Secret.</summary>
internal static class TlsReader
{
    public static IEnumerable<TlsContribution> Read(
        ResourceName ingress, List<V1IngressTLS> entries, IReadOnlyCollection<string> ruleHosts, List<Diagnostic> diagnostics)
    {
        var contributions = new List<TlsContribution>();
        for (var entry = 0; entry < entries.Count; entry++)
        {
            var listed = ReadHosts(ingress, entry, entries[entry].Hosts ?? [], diagnostics);
            // No secretName: the hosts are served with the default certificate, as the API says.
            if (entries[entry].SecretName is not { Length: > 0 } secretName)
                continue;
            var secret = ingress with { Name = secretName };
            contributions.AddRange(listed.Select(host =>
                new TlsContribution(host, secret, entry, ruleHosts.Contains(host) ? TlsClaim.ListedAndRouted : TlsClaim.Listed)));
            contributions.AddRange(ruleHosts.Where(host => host.Length > 0 && !listed.Contains(host))
                .Select(host => new TlsContribution(host, secret, entry, TlsClaim.Routed)));
        }

        return contributions;
    }

    private static List<string> ReadHosts(ResourceName ingress, int entry, List<string> hosts, List<Diagnostic> diagnostics)
    {
        var result = new List<string>(hosts.Count);
        for (var i = 0; i < hosts.Count; i++)
        {
            if (HostName.Normalize(hosts[i], out var reason) is { Length: > 0 } host)
                result.Add(host);
            else
                diagnostics.Add(DiagnosticCatalog.TlsHostInvalid(ingress, entry, i, hosts[i] ?? "", reason.Length > 0 ? reason : "is empty"));
        }

        return result;
    }
}
