using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// Step 4: chooses the certificate of a host. The oldest Ingress that routes the host and names a certificate for it decides. If its Secret
/// cannot be served, another Ingress of the same namespace can stand in, but none of another tenant: a Secret that is missing for a moment
/// must not give the host a stranger's certificate.
/// </summary>
internal sealed class TlsMerge
{
    private readonly string _host;
    private readonly ImmutableDictionary<ResourceName, TlsSecret> _secrets;
    private readonly List<Diagnostic> _diagnostics = [];
    private (ResourceName Ingress, TlsContribution Contribution)? _decider;
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
        var contributions = fragments
            .SelectMany(fragment => fragment.TlsForHost(host).Select(contribution => (fragment.Name, Contribution: contribution)))
            .OrderBy(entry => entry.Contribution.Claim == TlsClaim.Listed);
        foreach (var (ingress, contribution) in contributions)
            merge.Add(ingress, contribution);
        foreach (var fragment in fragments)
            merge.ReportUnlisted(fragment);
        return merge.Finish();
    }

    private void Add(ResourceName ingress, TlsContribution contribution)
    {
        var certificate = contribution.Secret is { } secret ? Usable(ingress, contribution, secret) : null;
        // An Ingress that does not list the host has a say only by a certificate that covers it.
        if (contribution.Claim == TlsClaim.Routed && certificate is null)
            return;

        _decider ??= (ingress, contribution);
        if (MayServe(ingress, contribution) && certificate is not null)
            _served = (ingress, new TlsBinding(_host, contribution.Secret!.Value, certificate));
        else if (contribution.Claim != TlsClaim.Routed && certificate is not null && contribution.Secret != _served?.Binding.Secret)
            _diagnostics.Add(DiagnosticCatalog.TlsConflict(
                ingress, contribution.Entry, _host, contribution.Secret!.Value, (_served?.Ingress ?? _decider?.Ingress)!.Value, _served?.Binding.Secret));
    }

    /// <summary>
    /// Reports a host that is redirected to https because its Ingress has <c>spec.tls</c>, although no certificate is named for it. A
    /// certificate of a wildcard host or the default one can still cover it; <see cref="Translation.CollectDiagnostics"/> knows those.
    /// </summary>
    private void ReportUnlisted(IngressFragment fragment)
    {
        if (_decider is null && fragment.ForHost(_host) is not null && fragment.TlsForHost(_host).Any()
            && fragment.Policies.All.Any(policy => policy.RedirectsToTls) && !fragment.Policies.All.Any(policy => policy.AnswersWithoutPaths && policy.RootAction is null))
        {
            _diagnostics.Add(DiagnosticCatalog.TlsHostNotListed(fragment.Name, _host));
        }
    }

    private bool MayServe(ResourceName ingress, TlsContribution contribution) =>
        _served is null && _decider is { } decider
        && (decider == (ingress, contribution) || (decider.Contribution.Secret is not null && decider.Ingress.Namespace == ingress.Namespace));

    private MergedTls Finish() => new(_served?.Binding ?? Refused(), [.. _diagnostics.Where(Concerns).Select(WithEffect)]);

    /// <summary>Of several entries of one Ingress for all its hosts, those whose certificate is for another host are as intended.</summary>
    private bool Concerns(Diagnostic diagnostic) =>
        diagnostic.Code != DiagnosticCode.TlsCertificateNotForHost || _served?.Ingress != diagnostic.Subject.Name;

    /// <summary>The host is not served with the default certificate if another Secret stands in.</summary>
    private Diagnostic WithEffect(Diagnostic diagnostic) => _served is not null && diagnostic.Effect == DiagnosticEffect.DefaultCertificate
        ? diagnostic with { Effect = DiagnosticEffect.FieldIgnored }
        : diagnostic;

    /// <summary>The owner of the host wants the default certificate, or one that cannot be served.</summary>
    private TlsBinding? Refused() =>
        _decider is { Contribution.Claim: TlsClaim.ListedAndRouted } decider ? new TlsBinding(_host, decider.Contribution.Secret, Certificate: null) : null;

    private TlsCertificate? Usable(ResourceName ingress, TlsContribution contribution, ResourceName name)
    {
        if (!_secrets.TryGetValue(name, out var secret))
        {
            _diagnostics.Add(DiagnosticCatalog.TlsSecretNotFound(ingress, contribution.Entry, name));
            return null;
        }

        if (secret.Problem is { } problem)
            _diagnostics.Add(DiagnosticCatalog.TlsSecretInvalid(ingress, contribution.Entry, name, problem, keepsLast: secret.Certificate is not null));
        if (secret.Certificate is not { } certificate)
            return null;
        if (certificate.Covers(_host))
            return certificate;
        if (contribution.Claim != TlsClaim.Routed)
            _diagnostics.Add(DiagnosticCatalog.TlsCertificateNotForHost(ingress, contribution.Entry, name, _host, certificate));
        return null;
    }
}

internal sealed record MergedTls(TlsBinding? Binding, EquatableArray<Diagnostic> Diagnostics);
