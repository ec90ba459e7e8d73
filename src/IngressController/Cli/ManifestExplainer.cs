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
    public static async Task<Explanation> ExplainAsync(
        ExplainRequest request, string folder, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var manifests = LintInput.Read([folder], TextReader.Null);
        foreach (var problem in manifests.SelectMany(manifest => manifest.Problems))
            await terminal.Error.WriteLineAsync(LintFinding.Of(problem).ToString());

        var snapshot = ManifestSnapshot.Of(ManifestSet.Of(manifests.SelectMany(manifest => manifest.Objects), ManifestSet.ImplicitClass(options.Translation)));
        await using var controller = ControllerHost.Create(options, logging => logging.ClearProviders());
        if (!await controller.Services.GetRequiredService<ReconcileLoop>().TryApplyAsync(snapshot.Cluster, ClusterChanges.Everything(snapshot.Cluster), cancellation))
            throw new ExplainException($"the manifests in {folder} cannot be applied; this is a bug in the controller, please report it");

        var explanation = await controller.Services.GetRequiredService<Explainer>().ExplainAsync(request, cancellation);
        return explanation.Backend is { } backend && snapshot.AssumedReady.Any(service => backend.Name.StartsWith($"{service}:", StringComparison.Ordinal))
            ? explanation with
            {
                Backend = backend with { Endpoints = [], Note = "assumed ready: the manifests contain no EndpointSlices for it" },
            }
            : explanation;
    }
}
