using IngressController.Leadership;
using IngressController.Proxy;
using IngressController.Reconciliation;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using IngressController.Sources;
using IngressController.Tls;

namespace IngressController.Admin;

/// <summary>The live state as the admin API shows it: read from what serves, not from what was asked for.</summary>
internal sealed class LiveState(RoutingState routing, CertificateStore certificates, ReconcileLoop reconcile, ClusterStore store, LeaderState leader, TimeProvider time)
{
    public IEnumerable<RouteView> Routes()
    {
        var table = routing.Hosts ?? HostTable.Empty;
        var ofHosts =
            from host in table.Hosts.OrderBy(host => host.Key, StringComparer.Ordinal)
            from route in host.Value.Default is { } defaultRoute ? host.Value.Routes.Append(defaultRoute) : host.Value.Routes
            select RouteView.Of(route);
        return table.Default is { } last ? ofHosts.Append(RouteView.Of(last)) : ofHosts;
    }

    public IEnumerable<BackendView> Backends() =>
        reconcile.Live.Table.Backends.Values
            .OrderBy(backend => backend.Id.Service).ThenBy(backend => backend.Id.Port, StringComparer.Ordinal).ThenBy(backend => backend.Id.Protocol)
            .Select(BackendView.Of);

    public IEnumerable<CertificateView> Certificates()
    {
        var (table, live, now) = (certificates.Table, reconcile.Live.Table, time.GetUtcNow());
        return table.Hosts.OrderBy(host => host.Key, StringComparer.Ordinal)
            .Select(host => CertificateView.Of(host.Key, host.Value ?? table.Default, live.TlsBindings.GetValueOrDefault(host.Key), now))
            .Append(CertificateView.Of("(default)", table.Default, live.DefaultCertificate, now));
    }

    public LeaderView Leader() => leader.View;

    public IEnumerable<DiagnosticView> Diagnostics() =>
        reconcile.Live.CollectDiagnostics().Concat(store.Unreadable).Order().Select(DiagnosticView.Of);
}

internal sealed record RouteView(string Host, string PathType, string Path, string? Backend, string? Unavailable, string Ingress, string Field)
{
    public static RouteView Of(ProxyRoute route)
    {
        var definition = route.Definition;
        return new RouteView(
            route.Host.Length == 0 ? "*" : route.Host,
            definition.Origin.Rule < 0 ? "Default" : definition.Match.Type.ToString(),
            RequestPath.Encode(definition.Match.Value),
            (definition.Action as RouteAction.Forward)?.Backend.ToString(),
            (definition.Action as RouteAction.Unavailable)?.Reason,
            definition.Origin.Ingress.Name.Length == 0 ? "(--default-backend-service)" : definition.Origin.Ingress.ToString(),
            definition.Origin.Field);
    }
}

internal sealed record BackendView(string Service, string Port, BackendProtocol Protocol, string[] Endpoints, string[] Problems)
{
    public static BackendView Of(Backend backend) => new(
        backend.Id.Service.ToString(), backend.Id.Port, backend.Protocol,
        [.. backend.Endpoints.Select(endpoint => endpoint.ToString())], [.. backend.Problems.Select(problem => problem.Message)]);
}

/// <param name="Host">The host, exact or wildcard; "(default)" for all others.</param>
/// <param name="Secret">Where it comes from; null for the self-signed one.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">Who signed it.</param>
/// <param name="SerialNumber">Its number, as hex.</param>
/// <param name="NotBefore">When it begins to be valid.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="IsValidNow">Whether clients that check dates accept it now; it is served either way.</param>
/// <param name="DnsNames">The names it is valid for.</param>
/// <param name="Problem">Why it could not be loaded and the self-signed one is served instead; null when it serves.</param>
internal sealed record CertificateView(
    string Host, string? Secret, string Subject, string Issuer, string? SerialNumber, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter,
    bool IsValidNow, string[] DnsNames, string? Problem)
{
    private const string SelfSigned = "self-signed at start";

    public static CertificateView Of(string host, ServerCertificate served, TlsBinding? binding, DateTimeOffset now) => served.Certificate is { } certificate
        ? new(
            host, binding?.Secret?.ToString(), certificate.Subject, certificate.Issuer, certificate.SerialNumber, certificate.NotBefore, certificate.NotAfter,
            certificate.NotBefore <= now && now <= certificate.NotAfter, [.. certificate.DnsNames], served.Problem)
        : new(host, null, SelfSigned, SelfSigned, null, null, null, true, [], null);
}

internal sealed record DiagnosticView(
    DiagnosticSeverity Severity, DiagnosticCode Code, string Kind, string Namespace, string Name, string Field, string Message, DiagnosticEffect Effect)
{
    public static DiagnosticView Of(Diagnostic diagnostic) => new(
        diagnostic.Severity, diagnostic.Code, diagnostic.Subject.Kind, diagnostic.Subject.Name.Namespace, diagnostic.Subject.Name.Name,
        diagnostic.Field, diagnostic.Message, diagnostic.Effect);
}
