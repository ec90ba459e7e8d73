using System.Diagnostics;
using System.Text.RegularExpressions;

namespace IngressController.Tests.Charts;

/// <summary>Runs <c>helm</c>: the program that HELM names, else the one on the PATH.</summary>
internal static partial class HelmProgram
{
    private const string Variable = "HELM";

    private static readonly string? Path = Named() ?? Candidates().FirstOrDefault(File.Exists);

    /// <summary>The reason why charts cannot be rendered; null if they can.</summary>
    public static string? Missing => Path is null ? $"helm is missing: put it on the PATH, or set {Variable} to the program" : null;

    public static (int Code, string Out, string Error) Run(params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Path!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false },
        };
        process.Start();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.ReplaceLineEndings("\n"), error.Result);
    }

    /// <summary>
    /// Renders the chart as the release yarp-ingress in the namespace of the same name. The session key, which is random, is replaced by another text.
    /// </summary>
    public static (int Code, string Out, string Error) Template(string? valuesFile = null, params string[] more)
    {
        var (code, rendered, error) = Run(
            [
                "template", "yarp-ingress", RepositoryFile.Chart, "--namespace", "yarp-ingress",
                .. valuesFile is null ? [] : new[] { "--values", valuesFile }, .. more,
            ]);
        return (code, SessionKey().Replace(rendered, "  key: cmFuZG9t"), error);
    }

    /// <summary>The base64 of 64 characters.</summary>
    [GeneratedRegex("^  key: [A-Za-z0-9+/]{86}==$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SessionKey();

    /// <summary>Used even if it does not exist: the tests then fail, and use no other.</summary>
    private static string? Named() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    private static IEnumerable<string> Candidates() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, "helm"));
}

/// <summary>A test that needs helm, and is skipped without it.</summary>
internal sealed class HelmFactAttribute : FactAttribute
{
    public HelmFactAttribute() => Skip = HelmProgram.Missing;
}

/// <summary>A test with several cases that needs helm.</summary>
internal sealed class HelmTheoryAttribute : TheoryAttribute
{
    public HelmTheoryAttribute() => Skip = HelmProgram.Missing;
}
