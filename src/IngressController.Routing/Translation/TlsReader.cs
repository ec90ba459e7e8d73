using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Reads <c>spec.tls</c> of one Ingress: the Secrets that its hosts want.</summary>
internal static class TlsReader
{
    /// <summary>
    /// The maximum number of Secrets tried for a host that an Ingress routes but does not list: hosts times Secrets could exhaust memory.
    /// </summary>
    private const int MaxSecretsForUnlistedHosts = 8;

    /// <summary>The contributions in the order of <see cref="IngressFragment.Tls"/>.</summary>
    public static IEnumerable<TlsContribution> Read(
        ResourceName ingress, IList<V1IngressTLS> entries, IReadOnlyCollection<string> ruleHosts, List<Diagnostic> diagnostics)
    {
        var contributions = new List<TlsContribution>();
        var listedHosts = new HashSet<string>(StringComparer.Ordinal);
        var ofListed = new Dictionary<ResourceName, int>();
        var forEveryHost = new List<(ResourceName? Secret, int Entry)>();
        for (var entry = 0; entry < entries.Count; entry++)
        {
            // No secretName: the hosts are served with the default certificate, as the API says.
            ResourceName? secret = entries[entry]?.SecretName is { Length: > 0 } secretName ? ingress with { Name = secretName } : null;
            // No hosts: the entry is for every host of the Ingress that no other entry lists.
            if (entries[entry]?.Hosts is not { Count: > 0 } hosts)
            {
                forEveryHost.Add((secret, entry));
                continue;
            }

            if (secret is { } named)
                ofListed.TryAdd(named, entry);
            foreach (var host in ReadHosts(ingress, entry, hosts, diagnostics))
            {
                listedHosts.Add(host);
                contributions.Add(new(host, secret, entry, ruleHosts.Contains(host) ? TlsClaim.ListedAndRouted : TlsClaim.Listed));
            }
        }

        string[] unlisted = [.. ruleHosts.Where(host => host.Length > 0 && !listedHosts.Contains(host))];
        // The default certificate, which such an entry without a Secret asks for, is served for them anyway.
        if (unlisted.Length == 0)
            diagnostics.AddRange(forEveryHost.Where(all => all.Secret is not null)
                .Select(all => DiagnosticCatalog.TlsEntryWithoutHosts(ingress, all.Entry, all.Secret!.Value, hasHosts: listedHosts.Count > 0)));
        foreach (var host in unlisted)
        {
            contributions.AddRange(forEveryHost.Take(MaxSecretsForUnlistedHosts)
                .Select(contribution => new TlsContribution(host, contribution.Secret, contribution.Entry, TlsClaim.ListedAndRouted)));
            contributions.AddRange(ofListed.Take(MaxSecretsForUnlistedHosts)
                .Select(secret => new TlsContribution(host, secret.Key, secret.Value, TlsClaim.Routed)));
            // Kept for its diagnostic: the host is redirected to https because of the entries that do not list it.
            if (forEveryHost.Count == 0 && ofListed.Count == 0 && entries.Count > 0)
                contributions.Add(new TlsContribution(host, Secret: null, Entry: 0, TlsClaim.Routed));
        }

        return contributions.OrderBy(contribution => contribution.Host, StringComparer.Ordinal).ThenBy(contribution => contribution.Claim).ThenBy(contribution => contribution.Entry);
    }

    private static HashSet<string> ReadHosts(ResourceName ingress, int entry, IList<string> hosts, List<Diagnostic> diagnostics)
    {
        var result = new HashSet<string>(hosts.Count, StringComparer.Ordinal);
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
