using System.Diagnostics;

namespace IngressController.Tests.Charts;

/// <summary>Runs <c>helm</c>: the one of the PATH, else one in a folder shared/tools/bin beside the repository.</summary>
internal static class HelmProgram
{
    private static readonly string? Path = Candidates().FirstOrDefault(File.Exists);

    /// <summary>Why charts cannot be rendered here; null when they can.</summary>
    public static string? Missing => Path is null ? "no helm to render the chart with: install it, or put it on the PATH" : null;

    public static (int Code, string Out, string Error) Run(params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Path!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.Start();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.ReplaceLineEndings("\n"), error.Result);
    }

    /// <summary>Renders the chart as the release yarp-ingress in the namespace of the same name.</summary>
    public static (int Code, string Out, string Error) Template(string? valuesFile = null, params string[] more) => Run(
        [
            "template", "yarp-ingress", RepositoryFile.Chart, "--namespace", "yarp-ingress",
            .. valuesFile is null ? [] : new[] { "--values", valuesFile }, .. more,
        ]);

    private static IEnumerable<string> Candidates() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, "helm"))
            .Append(RepositoryFile.Find("..", "shared", "tools", "bin", "helm"));
}

/// <summary>A test that needs helm; skipped, and says why, where there is none.</summary>
internal sealed class HelmFactAttribute : FactAttribute
{
    public HelmFactAttribute() => Skip = HelmProgram.Missing;
}

/// <summary>The same for a test with several cases.</summary>
internal sealed class HelmTheoryAttribute : TheoryAttribute
{
    public HelmTheoryAttribute() => Skip = HelmProgram.Missing;
}
