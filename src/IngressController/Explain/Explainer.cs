using IngressController.Admin;
using IngressController.Proxy;
using IngressController.Reconciliation;
using IngressController.Routing.Diagnostics;
using IngressController.Sources;
using IngressController.Tls;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Explain;

/// <summary>
/// Explains what happens to a request. It runs the pipeline that serves traffic on a request that nobody sent, and reads the rest from the
/// live state.
/// </summary>
internal sealed class Explainer(
    RequestPipeline pipeline, RoutingState routing, ForwardTransformer transformer, CertificateStore certificates, ReconcileLoop reconcile,
    ClusterStore store, TimeProvider time)
{
    /// <summary>How often a configuration that changes meanwhile makes it begin again.</summary>
    private const int Attempts = 5;

    public async Task<Explanation> ExplainAsync(ExplainRequest request, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var hosts = routing.Hosts;
            var explanation = await ExplainAsync(request, hosts ?? HostTable.Empty, cancellation);
            if (attempt == Attempts || ReferenceEquals(hosts, routing.Hosts))
                return explanation;
        }
    }

    private async Task<Explanation> ExplainAsync(ExplainRequest request, HostTable hosts, CancellationToken cancellation)
    {
        var context = request.ToHttpContext();
        var rehearsal = await pipeline.RehearseAsync(context);
        var route = rehearsal.Route;
        var path = PathOf(request);
        var candidates = hosts.Candidates(request.Host);
        var paths = candidates.FirstOrDefault(candidate => candidate.IsChosen)?.Paths;
        var listed = paths is null || path is null ? (Paths: [], LeftOut: 0) : PathCandidates.Of(paths, path, context.Request, route);
        return new Explanation
        {
            Request = new ExplainedRequest(
                request.Method, request.Url, request.Host, path is null ? null : RequestPath.Encode(path), $"{context.Connection.RemoteIpAddress}"),
            Verdict = VerdictOf(context, rehearsal),
            Hosts = [.. HostCandidates.Of(candidates, hosts.Default, route)],
            Paths = listed.Paths,
            PathsLeftOut = listed.LeftOut,
            Route = route is null ? null : RouteView.Of(route),
            Policies = [.. (route?.Definition.Policies.All ?? []).Select(PolicyText.Of)],
            Sources = [.. route?.Definition.Policies.Sources ?? []],
            Steps = [.. rehearsal.Steps.Select(step => new StepEntry(step.Step.Name, step.Step.Describe(), step.Outcome))],
            Backend = await BackendOf(context, rehearsal, cancellation),
            Certificate = request.Scheme == "https" ? CertificateOf(request.ServerName) : null,
            Diagnostics = route is null ? [] : [.. DiagnosticsOf(route.Definition.Origin)],
        };
    }

    private static string? PathOf(ExplainRequest request)
    {
        var mark = request.Target.IndexOf('?', StringComparison.Ordinal);
        var normalized = RequestPath.Normalize(mark < 0 ? request.Target : request.Target[..mark]);
        return normalized.Problem == PathProblem.None ? normalized.Match.ToString() : null;
    }

    private static Verdict VerdictOf(HttpContext context, Rehearsal rehearsal)
    {
        if (rehearsal.IsForwarded)
            return new Verdict(null, null, rehearsal.Route!.Cluster!.Id.ToString(), "nothing keeps it from its backend");
        var location = context.Response.Headers.Location.ToString();
        var (status, answering) = (context.Response.StatusCode, rehearsal.Steps.FirstOrDefault(step => step.Outcome == StepOutcome.Answers)?.Step);
        var reason = rehearsal.Refusal?.Detail ?? (answering is null ? ReasonPhrases.GetReasonPhrase(status) : $"answered by {answering.Name}");
        return new Verdict(status, location.Length == 0 ? null : location, null, reason);
    }

    private async Task<BackendEntry?> BackendOf(HttpContext context, Rehearsal rehearsal, CancellationToken cancellation)
    {
        if (rehearsal.Route?.Cluster is not { } cluster || !reconcile.Live.Table.Backends.TryGetValue(cluster.Id, out var backend))
            return null;
        var view = BackendView.Of(backend);
        var entry = new BackendEntry(cluster.Id.ToString(), view.Protocol, view.Endpoints, view.Problems, null, null);
        if (!rehearsal.IsForwarded)
            return entry;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), (Uri?)null) { Version = cluster.Current.RequestConfig.Version! };
        await transformer.TransformRequestAsync(context, request, "http://backend", cancellation);
        return entry with { Path = request.RequestUri!.PathAndQuery, Host = request.Headers.Host };
    }

    private CertificateView CertificateOf(string serverName)
    {
        var table = certificates.Table;
        // RFC 6066, 3: an address is no server name, so clients send none.
        var name = serverName.StartsWith('[') || System.Net.IPAddress.TryParse(serverName, out _) ? null : serverName;
        var live = reconcile.Live.Table;
        var entry = table.EntryOf(name);
        return CertificateView.Of(
            entry ?? "(default)", table.Find(name), entry is null ? live.DefaultCertificate : live.TlsBindings.GetValueOrDefault(entry), time.GetUtcNow());
    }

    private IEnumerable<DiagnosticView> DiagnosticsOf(RouteOrigin origin)
    {
        // The operator's default backend comes from no Ingress; what is wrong with it is said of its Service.
        return reconcile.Live.CollectDiagnostics().Concat(store.Unreadable)
            .Where(diagnostic => origin.Ingress.Name.Length > 0
                ? diagnostic.Subject == new DiagnosticSubject("Ingress", origin.Ingress)
                : diagnostic.Code == DiagnosticCode.DefaultBackendUnusable)
            .Select(DiagnosticView.Of);
    }
}
