using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using IngressController.Routing.Diagnostics;
using IngressController.Sources.Folder;

namespace IngressController.Views;

/// <summary>The findings of <c>lint</c>.</summary>
/// <param name="Files">Number of files that were read.</param>
/// <param name="Ingresses">Number of Ingresses in them.</param>
/// <param name="OurIngresses">Number of claimed Ingresses.</param>
/// <param name="Errors">Number of findings that are errors.</param>
/// <param name="Warnings">Number of findings that are warnings.</param>
/// <param name="Unclaimed">The classes whose Ingresses were not checked, by name.</param>
/// <param name="Diagnostics">The findings, by file and line.</param>
internal sealed record LintReport(
    int Files, int Ingresses, int OurIngresses, int Errors, int Warnings, ImmutableArray<UnclaimedClass> Unclaimed, ImmutableArray<LintFinding> Diagnostics)
{
    /// <summary>True if there are Ingresses, and none of them was checked.</summary>
    [JsonIgnore]
    public bool CheckedNothing => Ingresses > 0 && OurIngresses == 0;

    /// <summary>Returns one line per finding, one per class that was not checked, then the totals.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Diagnostics)
            text.Append(finding).Append('\n');
        foreach (var unclaimed in Unclaimed)
            text.Append(unclaimed.ToText(Count(unclaimed.Ingresses, "Ingress", "es"))).Append('\n');
        return text.Append(CultureInfo.InvariantCulture, $"{Count(Files, "file")}, {Count(Ingresses, "Ingress", "es")} ({OurIngresses} claimed): {Count(Errors, "error")}, {Count(Warnings, "warning")}").ToString();
    }

    private static string Count(int count, string what, string plural = "s") => $"{count} {what}{(count == 1 ? "" : plural)}";
}

/// <summary>The Ingresses of a class that is not claimed.</summary>
/// <param name="Class">The name of the class; empty for Ingresses without one.</param>
/// <param name="Controller">The controller of its IngressClass in the manifests; null when they do not contain it.</param>
/// <param name="Ingresses">Number of Ingresses.</param>
/// <param name="Option">The option that claims them; null when the name cannot be written as one.</param>
internal sealed record UnclaimedClass(string Class, string? Controller, int Ingresses, string? Option)
{
    public const string AllClasses = "--all-classes";

    public string ToText(string count)
    {
        var what = Class.Length == 0 ? "without a class" : $"of class \"{DiagnosticText.Shorten(Class)}\"";
        var controller = Controller is null ? "" : $", whose controller is {DiagnosticText.Shorten(Controller)}";
        return DiagnosticText.Printable(
            $"not checked: {count} {what}{controller}; "
            + (Option is null ? $"check every Ingress with {AllClasses}" : $"check them with {Option}, or every Ingress with {AllClasses}"));
    }
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
        + $"{new DiagnosticSubject(Kind, new(Namespace, Name))} {Field}: {Message.ReplaceLineEndings(" ")} ({Effect})";
}
