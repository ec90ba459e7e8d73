using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>Step 4: which certificate a host is served with.</summary>
internal static class TlsMerge
{
    /// <param name="host">The host, exact or wildcard.</param>
    /// <param name="fragments">The Ingresses that want a certificate for it, oldest first.</param>
    /// <param name="secrets">All TLS Secrets.</param>
    public static MergedTls Merge(
        string host, IReadOnlyList<IngressFragment> fragments, ImmutableDictionary<ResourceName, TlsSecret> secrets)
    {
        var diagnostics = new List<Diagnostic>();
        TlsBinding? winner = null;
        ResourceName winningIngress = default;
        var wishes = fragments
            .SelectMany(fragment => fragment.Tls.Where(wish => wish.Host == host).Select(wish => (fragment.Name, Wish: wish)))
            .OrderBy(wish => wish.Wish.Claim);
        foreach (var (ingress, wish) in wishes)
        {
            if (Usable(ingress, wish, secrets, diagnostics) is not { } certificate)
                continue;
            if (winner is null)
            {
                winner = new TlsBinding(host, wish.Secret, certificate);
                winningIngress = ingress;
            }
            else if (winner.Secret != wish.Secret && wish.Claim != TlsClaim.Routed)
            {
                diagnostics.Add(DiagnosticCatalog.TlsConflict(ingress, wish.Entry, host, wish.Secret, winningIngress, winner.Secret));
            }
        }

        return new MergedTls(winner, [.. diagnostics]);
    }

    private static TlsCertificate? Usable(
        ResourceName ingress, TlsContribution wish, ImmutableDictionary<ResourceName, TlsSecret> secrets, List<Diagnostic> diagnostics)
    {
        if (!secrets.TryGetValue(wish.Secret, out var secret))
        {
            diagnostics.Add(DiagnosticCatalog.TlsSecretNotFound(ingress, wish.Entry, wish.Secret));
            return null;
        }

        if (secret.Problem is not null)
            diagnostics.Add(DiagnosticCatalog.TlsSecretInvalid(ingress, wish.Entry, secret));
        if (secret.Certificate is not { } certificate)
            return null;
        if (certificate.Covers(wish.Host))
            return certificate;
        if (wish.Claim != TlsClaim.Routed)
            diagnostics.Add(DiagnosticCatalog.TlsCertificateNotForHost(ingress, wish.Entry, wish.Secret, wish.Host, certificate));
        return null;
    }
}

internal sealed record MergedTls(TlsBinding? Binding, EquatableArray<Diagnostic> Diagnostics);
