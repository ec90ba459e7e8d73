using System.Collections.Immutable;
using System.Text;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Cli;

/// <summary>What <c>lint</c> found.</summary>
/// <param name="Files">How many files were read.</param>
/// <param name="Ingresses">How many Ingresses they hold.</param>
/// <param name="OurIngresses">How many of those this controller would serve.</param>
/// <param name="Errors">How many findings are errors.</param>
/// <param name="Warnings">How many findings are warnings.</param>
/// <param name="Diagnostics">The findings, in the order of their places.</param>
internal sealed record LintReport(int Files, int Ingresses, int OurIngresses, int Errors, int Warnings, ImmutableArray<LintFinding> Diagnostics)
{
    public static LintReport Of(IReadOnlyList<Manifest> manifests, TranslationSettings settings)
    {
        var set = ManifestSet.Of(manifests.SelectMany(manifest => manifest.Objects), ManifestSet.GivenClass(settings));
        var translation = RoutingTableTranslator.Translate(ManifestSnapshot.Of(set).Cluster, settings);
        ImmutableArray<LintFinding> findings =
        [
            .. manifests.SelectMany(manifest => manifest.Problems).Concat(set.Duplicates)
                .Concat(translation.CollectDiagnostics().Select(diagnostic => Place(diagnostic, set)))
                .OrderBy(problem => problem.File, StringComparer.Ordinal).ThenBy(problem => problem.Line).ThenBy(problem => problem.Diagnostic)
                .Select(LintFinding.Of),
        ];
        return new LintReport(
            manifests.Count, set.OfType<V1Ingress>().Count(), translation.ClaimedIngresses,
            findings.Count(finding => finding.Severity == DiagnosticSeverity.Error),
            findings.Count(finding => finding.Severity == DiagnosticSeverity.Warning),
            findings);
    }

    /// <summary>One line per finding, then the sums.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Diagnostics)
            text.Append(finding).Append('\n');
        return text.Append($"{Count(Files, "file")}, {Count(Ingresses, "Ingress", "es")} ({OurIngresses} claimed): {Count(Errors, "error")}, {Count(Warnings, "warning")}").ToString();
    }

    private static string Count(int count, string what, string plural = "s") => $"{count} {what}{(count == 1 ? "" : plural)}";

    private static ManifestProblem Place(Diagnostic diagnostic, ManifestSet set) =>
        set.Find(diagnostic.Subject) is { } item ? new(item.File, item.Line, diagnostic) : new("", 0, diagnostic);
}

/// <summary>One finding and where it stands; the file is empty for what stands nowhere.</summary>
internal sealed record LintFinding(
    string File, int Line, DiagnosticSeverity Severity, DiagnosticCode Code, string Kind, string Namespace, string Name, string Field, string Message,
    DiagnosticEffect Effect)
{
    public static LintFinding Of(ManifestProblem problem)
    {
        var (file, line, diagnostic) = problem;
        return new LintFinding(
            file, line, diagnostic.Severity, diagnostic.Code, diagnostic.Subject.Kind, diagnostic.Subject.Name.Namespace, diagnostic.Subject.Name.Name,
            diagnostic.Field, diagnostic.Message, diagnostic.Effect);
    }

    public override string ToString() =>
        $"{(File.Length == 0 ? "" : $"{File}:{Line}: ")}{Severity.ToString().ToLowerInvariant()} {Code} "
        + $"{new DiagnosticSubject(Kind, new(Namespace, Name))} {Field}: {Message.ReplaceLineEndings(" ")}";
}
