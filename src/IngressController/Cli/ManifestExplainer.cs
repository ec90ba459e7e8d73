using IngressController.Configuration;
using IngressController.Explain;
using IngressController.Hosting;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
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
            throw new ExplainException($"the manifests of {folder} cannot be applied. Please report this defect");

        var explanation = await controller.Services.GetRequiredService<Explainer>().ExplainAsync(request, cancellation);
        return explanation.Backend is { } backend && snapshot.AssumedReady.Any(service => backend.Name.StartsWith($"{service}:", StringComparison.Ordinal))
            ? explanation with
            {
                Backend = backend with { Endpoints = [], Note = "taken as ready: the manifests hold no EndpointSlices for it" },
            }
            : explanation;
    }
}
