using IngressController.Configuration;
using IngressController.Explain;
using IngressController.Hosting;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Sources.Folder;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>Explains a request from a folder of manifests, with a complete controller that is not started.</summary>
internal static class ManifestExplainer
{
    /// <param name="request">The request.</param>
    /// <param name="folder">The folder of manifests.</param>
    /// <param name="options">The options of the controller.</param>
    /// <param name="showsAllProblems">True if problems are printed that do not concern the request, too.</param>
    /// <param name="terminal">Its error stream receives the problems of reading the manifests.</param>
    /// <param name="cancellation">Cancels the explanation.</param>
    public static async Task<Explanation> ExplainAsync(
        ExplainRequest request, string folder, IngressOptions options, bool showsAllProblems, Terminal terminal, CancellationToken cancellation)
    {
        var manifests = LintInput.Read([folder], TextReader.Null);
        var snapshot = ManifestSnapshot.Of(ManifestSet.Of(manifests.SelectMany(manifest => manifest.Objects), ManifestSet.ImplicitClass(options.Translation)));
        await using var controller = ControllerHost.Create(options, logging => logging.ClearProviders());
        if (!await controller.Services.GetRequiredService<ReconcileLoop>().TryApplyAsync(snapshot.Cluster, ClusterChanges.Everything(snapshot.Cluster), cancellation))
            throw new ExplainException($"the manifests in {folder} cannot be applied; this is a bug in the controller, please report it");

        var explanation = await controller.Services.GetRequiredService<Explainer>().ExplainAsync(request, cancellation);
        await ReportAsync([.. manifests.SelectMany(manifest => manifest.Problems)], explanation, showsAllProblems, terminal);
        return explanation.Backend is { } backend && snapshot.AssumedReady.Any(service => backend.Name.StartsWith($"{service}:", StringComparison.Ordinal))
            ? explanation with
            {
                Backend = backend with { Endpoints = [], Note = "assumed ready: the manifests contain no EndpointSlices for it" },
            }
            : explanation;
    }

    private static async Task ReportAsync(ManifestProblem[] problems, Explanation explanation, bool showsAll, Terminal terminal)
    {
        var concern = RequestConcern.Of(explanation);
        ManifestProblem[] shown = [.. problems.Where(problem => showsAll || concern.Includes(problem))];
        foreach (var problem in shown)
            await terminal.Error.WriteLineAsync(LintFinding.Of(problem).ToString());
        // What could not be read may hold the rule that is missing.
        if (explanation.Route is null && shown.Length < problems.Length)
            await terminal.WriteErrorAsync($"no rule matches, and the manifests have {problems.Length} problem{(problems.Length == 1 ? "" : "s")}; --manifest-problems lists them");
    }
}
