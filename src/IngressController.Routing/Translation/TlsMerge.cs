using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// Step 4: which certificate a host is served with. The oldest Ingress that routes the host and says anything about its certificate
/// decides. When its Secret cannot be served, another Ingress of the same namespace may stand in, but none of another tenant: a
/// Secret that is missing for a moment must not hand the host to a stranger's certificate.
/// </summary>
internal sealed class TlsMerge
{
    private readonly string _host;
    private readonly ImmutableDictionary<ResourceName, TlsSecret> _secrets;
    private readonly List<Diagnostic> _diagnostics = [];
    private (ResourceName Ingress, TlsContribution Wish)? _decider;
    private (ResourceName Ingress, TlsBinding Binding)? _served;

    private TlsMerge(string host, ImmutableDictionary<ResourceName, TlsSecret> secrets)
    {
        _host = host;
        _secrets = secrets;
    }

    /// <param name="host">The host, exact or wildcard.</param>
    /// <param name="fragments">The Ingresses that want a certificate for it, oldest first.</param>
    /// <param name="secrets">All TLS Secrets.</param>
    public static MergedTls Merge(
        string host, IReadOnlyList<IngressFragment> fragments, ImmutableDictionary<ResourceName, TlsSecret> secrets)
    {
        var merge = new TlsMerge(host, secrets);
        var wishes = fragments
            .SelectMany(fragment => fragment.TlsForHost(host).Select(wish => (fragment.Name, Wish: wish)))
            .OrderBy(wish => wish.Wish.Claim == TlsClaim.Listed);
        foreach (var (ingress, wish) in wishes)
            merge.Add(ingress, wish);
        return merge.Finish();
    }

    private void Add(ResourceName ingress, TlsContribution wish)
    {
        var certificate = wish.Secret is { } secret ? Usable(ingress, wish, secret) : null;
        // An Ingress that does not list the host says something about it only by a certificate that covers it.
        if (wish.Claim == TlsClaim.Routed && certificate is null)
            return;

        _decider ??= (ingress, wish);
        if (MayServe(ingress, wish) && certificate is not null)
            _served = (ingress, new TlsBinding(_host, wish.Secret!.Value, certificate));
        else if (wish.Claim != TlsClaim.Routed && certificate is not null && wish.Secret != _served?.Binding.Secret)
            _diagnostics.Add(DiagnosticCatalog.TlsConflict(
                ingress, wish.Entry, _host, wish.Secret!.Value, (_served?.Ingress ?? _decider?.Ingress)!.Value, _served?.Binding.Secret));
    }

    private bool MayServe(ResourceName ingress, TlsContribution wish) =>
        _served is null && _decider is { } decider
        && (decider == (ingress, wish) || (decider.Wish.Secret is not null && decider.Ingress.Namespace == ingress.Namespace));

    private MergedTls Finish() => new(
        _served?.Binding ?? Refused(),
        // What cannot be served does not matter much when another Secret of the owner is, and of several entries of one Ingress for all
        // its hosts, one that is for another host is as it should be.
        [.. _diagnostics.Where(diagnostic => diagnostic.Code != DiagnosticCode.TlsCertificateNotForHost || _served?.Ingress != diagnostic.Subject.Name).Select(diagnostic => _served is not null && diagnostic.Effect == DiagnosticEffect.DefaultCertificate
            ? diagnostic with { Effect = DiagnosticEffect.FieldIgnored }
            : diagnostic)]);

    /// <summary>The owner of the host wants a certificate that cannot be served, or the default one.</summary>
    private TlsBinding? Refused() =>
        _decider is { Wish.Claim: TlsClaim.ListedAndRouted } decider ? new TlsBinding(_host, decider.Wish.Secret, Certificate: null) : null;

    private TlsCertificate? Usable(ResourceName ingress, TlsContribution wish, ResourceName name)
    {
        if (!_secrets.TryGetValue(name, out var secret))
        {
            _diagnostics.Add(DiagnosticCatalog.TlsSecretNotFound(ingress, wish.Entry, name));
            return null;
        }

        if (secret.Problem is { } problem)
            _diagnostics.Add(DiagnosticCatalog.TlsSecretInvalid(ingress, wish.Entry, name, problem, keepsLast: secret.Certificate is not null));
        if (secret.Certificate is not { } certificate)
            return null;
        if (certificate.Covers(_host))
            return certificate;
        if (wish.Claim != TlsClaim.Routed)
            _diagnostics.Add(DiagnosticCatalog.TlsCertificateNotForHost(ingress, wish.Entry, name, _host, certificate));
        return null;
    }
}

internal sealed record MergedTls(TlsBinding? Binding, EquatableArray<Diagnostic> Diagnostics);
