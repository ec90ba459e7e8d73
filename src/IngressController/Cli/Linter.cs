using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using IngressController.Sources.Folder;
using IngressController.Views;
using k8s.Models;

namespace IngressController.Cli;

/// <summary>Translates manifests and collects their problems.</summary>
internal static class Linter
{
    public static LintReport Lint(IReadOnlyList<Manifest> manifests, TranslationSettings settings)
    {
        var set = ManifestSet.Of(manifests.SelectMany(manifest => manifest.Objects), ManifestSet.ImplicitClass(settings));
        var translation = RoutingTableTranslator.Translate(ManifestSnapshot.Of(set).Cluster, settings);
        ImmutableArray<LintFinding> findings =
        [
            .. manifests.SelectMany(manifest => manifest.Problems).Concat(set.Duplicates)
                .Concat(translation.CollectDiagnostics().Select(diagnostic => Locate(diagnostic, set)))
                .OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line).ThenBy(problem => problem.Diagnostic)
                .Select(LintFinding.Of),
        ];
        return new LintReport(
            manifests.Count, set.OfType<V1Ingress>().Count(), translation.ClaimedIngresses,
            findings.Count(finding => finding.Severity == DiagnosticSeverity.Error),
            findings.Count(finding => finding.Severity == DiagnosticSeverity.Warning),
            [.. UnclaimedClasses.Of(set, translation)],
            findings);
    }

    private static ManifestProblem Locate(Diagnostic diagnostic, ManifestSet set) =>
        set.Find(diagnostic.Subject) is { } item ? new(item.File, item.Line, diagnostic) : new("", 0, diagnostic);
}
