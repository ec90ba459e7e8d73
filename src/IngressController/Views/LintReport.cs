using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using IngressController.Routing.Diagnostics;
using IngressController.Sources.Folder;

namespace IngressController.Views;

/// <summary>The findings of <c>lint</c>.</summary>
/// <param name="Files">Number of files that were read.</param>
/// <param name="Ingresses">Number of Ingresses in them.</param>
/// <param name="OurIngresses">Number of claimed Ingresses.</param>
/// <param name="Errors">Number of findings that are errors.</param>
/// <param name="Warnings">Number of findings that are warnings.</param>
/// <param name="Diagnostics">The findings, by file and line.</param>
internal sealed record LintReport(int Files, int Ingresses, int OurIngresses, int Errors, int Warnings, ImmutableArray<LintFinding> Diagnostics)
{
    /// <summary>Returns one line per finding, then the totals.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Diagnostics)
            text.Append(finding).Append('\n');
        return text.Append(CultureInfo.InvariantCulture, $"{Count(Files, "file")}, {Count(Ingresses, "Ingress", "es")} ({OurIngresses} claimed): {Count(Errors, "error")}, {Count(Warnings, "warning")}").ToString();
    }

    private static string Count(int count, string what, string plural = "s") => $"{count} {what}{(count == 1 ? "" : plural)}";
}

/// <summary>A finding with its file and line. The file is empty for an object that no manifest contains.</summary>
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
