using IngressController.Leadership;
using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Sources;
using IngressController.Views;

namespace IngressController.Admin;

/// <summary>The live state for the admin API, from the live revision and not from the objects of the cluster.</summary>
internal sealed class LiveState(LiveRevision revisions, ClusterStore store, LeaderState leader, TimeProvider time)
{
    public IEnumerable<RouteView> Routes()
    {
        var table = revisions.Current.Hosts;
        var ofHosts =
            from host in table.Hosts.OrderBy(host => host.Key, StringComparer.Ordinal)
            from route in host.Value.Default is { } defaultRoute ? host.Value.Routes.Append(defaultRoute) : host.Value.Routes
            select ViewOf(route);
        return table.Default is { } last ? ofHosts.Append(ViewOf(last)) : ofHosts;
    }

    public IEnumerable<BackendView> Backends() =>
        revisions.Current.Translation.Table.Backends.Values
            .OrderBy(backend => backend.Id.Service).ThenBy(backend => backend.Id.Port, StringComparer.Ordinal).ThenBy(backend => backend.Id.Protocol)
            .ThenBy(backend => backend.Id.Tls?.ToString(), StringComparer.Ordinal)
            .Select(BackendView.Of);

    public IEnumerable<CertificateView> Certificates()
    {
        var revision = revisions.Current;
        var (table, live, now) = (revision.Certificates, revision.Translation.Table, time.GetUtcNow());
        return table.Hosts.OrderBy(host => host.Key, StringComparer.Ordinal)
            .Select(host => CertificateView.Of(host.Key, host.Value ?? table.Default, live.TlsBindings.GetValueOrDefault(host.Key), now))
            .Append(CertificateView.Of("(default)", table.Default, live.DefaultCertificate, now));
    }

    private static RouteView ViewOf(RouteEntry route) => RouteView.Of(route) with
    {
        PolicyValues = route.Definition.Policies.All is { Count: > 0 } policies
            ? policies.Select(PolicyEntry.Of).ToDictionary(policy => policy.Name, policy => policy.Values, StringComparer.Ordinal)
            : null,
    };

    public LeaderView Leader() => leader.View;

    public IEnumerable<DiagnosticView> Diagnostics() =>
        revisions.Current.Translation.CollectDiagnostics().Concat(store.Unreadable).Order().Select(DiagnosticView.Of);
}
