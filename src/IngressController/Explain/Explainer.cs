using IngressController.Forwarding;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using IngressController.Sources;
using IngressController.Views;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Explain;

/// <summary>
/// Explains the handling of a request with a dry run of the pipeline and the parts of the live revision that apply. Nothing is sent to a
/// backend.
/// </summary>
internal sealed class Explainer(RequestPipeline pipeline, ForwardTransformer transformer, ClusterStore store, TimeProvider time)
{
    public async Task<Explanation> ExplainAsync(ExplainRequest request, CancellationToken cancellation)
    {
        var context = request.ToHttpContext();
        var dryRun = await pipeline.DryRunAsync(context);
        var (revision, route) = (dryRun.Request.Revision, dryRun.Request.MatchedRoute);
        var path = PathOf(request);
        var candidates = revision.Hosts.Candidates(request.Host);
        var paths = candidates.FirstOrDefault(candidate => candidate.IsChosen)?.Paths;
        var listed = paths is null || path is null ? (Paths: [], LeftOut: 0) : PathCandidates.Of(paths, path, context.Request, route);
        return new Explanation
        {
            Request = new ExplainedRequest(
                request.Method, request.Url, request.Host, path is null ? null : RequestPath.Encode(path), $"{context.Connection.RemoteIpAddress}"),
            Verdict = VerdictOf(context, dryRun),
            Hosts = [.. HostCandidates.Of(candidates, revision.Hosts.Default, route)],
            Paths = listed.Paths,
            PathsLeftOut = listed.LeftOut,
            Route = route is null ? null : RouteView.Of(route),
            Policies = [.. (route?.Definition.Policies.All ?? []).Select(PolicyEntry.Of)],
            Sources = [.. route?.Definition.Policies.Sources ?? []],
            Steps = [.. dryRun.Steps.Select(step => new StepEntry(step.Step.Name, step.Step.Describe(revision), step.Outcome))],
            Alternatives = AlternativesOf(dryRun),
            Backend = await BackendOf(context, dryRun, cancellation),
            Certificate = request.Scheme == "https" ? CertificateOf(revision, request.ServerName) : null,
            Diagnostics = route is null ? [] : [.. DiagnosticsOf(revision, route.Definition)],
        };
    }

    private static string? PathOf(ExplainRequest request)
    {
        var mark = request.Target.IndexOf('?', StringComparison.Ordinal);
        var normalized = RequestPath.Normalize(mark < 0 ? request.Target : request.Target[..mark]);
        return normalized.Problem == PathProblem.None ? normalized.Match.ToString() : null;
    }

    private static Verdict VerdictOf(HttpContext context, DryRun dryRun)
    {
        if (dryRun.IsForwarded)
            return new Verdict(null, null, dryRun.Request.Cluster!.Id.ToString(), "no step answers the request");
        var location = context.Response.Headers.Location.ToString();
        var (status, answering) = (context.Response.StatusCode, dryRun.Steps.FirstOrDefault(step => step.Outcome == StepOutcome.Replies)?.Step);
        var reason = dryRun.Refusal?.Detail ?? (answering is null ? ReasonPhrases.GetReasonPhrase(status) : $"answered by {answering.Name}");
        return new Verdict(status, location.Length == 0 ? null : location, null, reason);
    }

    private static AlternativeEntry[]? AlternativesOf(DryRun dryRun) =>
        dryRun.Steps.Select(step => step.Step).OfType<BackendStep>().FirstOrDefault() is not { } step ? null :
        [
            .. step.Foresee(dryRun.Request).Select(candidate => new AlternativeEntry(
                candidate.Backend.ToString(), candidate.Source, Math.Round(candidate.Share * 100, 4),
                candidate.Share > 0 && candidate.Backend == dryRun.Request.Backend, candidate.Reason)),
        ];

    private async Task<BackendEntry?> BackendOf(HttpContext context, DryRun dryRun, CancellationToken cancellation)
    {
        if (dryRun.Request.Cluster is not { } cluster
            || !dryRun.Request.Revision.Translation.Table.Backends.TryGetValue(cluster.Id, out var backend))
            return null;
        var view = BackendView.Of(backend);
        var entry = new BackendEntry(cluster.Id.ToString(), view.Protocol, view.Endpoints, view.Problems, null, null);
        if (!dryRun.IsForwarded)
            return entry;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), (Uri?)null) { Version = cluster.Current.RequestConfig.Version! };
        await transformer.TransformRequestAsync(context, request, "http://backend", cancellation);
        return entry with { Path = request.RequestUri!.PathAndQuery, Host = request.Headers.Host };
    }

    private CertificateView CertificateOf(Revision revision, string serverName)
    {
        // RFC 6066, 3: an IP address is not a server name, so clients send none.
        var name = serverName.StartsWith('[') || System.Net.IPAddress.TryParse(serverName, out _) ? null : serverName;
        var live = revision.Translation.Table;
        var (entry, certificate) = revision.CertificateOf(name);
        return CertificateView.Of(
            entry ?? "(default)", certificate, entry is null ? live.DefaultCertificate : live.TlsBindings.GetValueOrDefault(entry), time.GetUtcNow());
    }

    private IEnumerable<DiagnosticView> DiagnosticsOf(Revision revision, Routing.Table.Route route)
    {
        var origin = route.Origin;
        var canaries = (route.Action as RouteAction.Forward)?.Canaries.Select(canary => canary.Origin.Ingress) ?? [];
        var subjects = canaries.Prepend(origin.Ingress).Select(ingress => new DiagnosticSubject("Ingress", ingress)).ToHashSet();
        // --default-backend-service belongs to no Ingress; its diagnostics are those of its Service.
        return revision.Translation.CollectDiagnostics().Concat(store.Unreadable)
            .Where(diagnostic => origin.Ingress.Name.Length > 0
                ? subjects.Contains(diagnostic.Subject)
                : diagnostic.Code == DiagnosticCode.DefaultBackendUnusable)
            .Select(DiagnosticView.Of);
    }
}
