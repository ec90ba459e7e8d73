using System.Diagnostics;

namespace IngressController.Tests.Charts;

/// <summary>Runs <c>helm</c>: the program that the variable HELM names, or that of the PATH.</summary>
internal static class HelmProgram
{
    private const string Variable = "HELM";

    private static readonly string? Path = Named() ?? Candidates().FirstOrDefault(File.Exists);

    /// <summary>The reason why charts cannot be rendered; null if helm is available.</summary>
    public static string? Missing => Path is null ? $"no helm to render the chart with: put it on the PATH, or name the program in the variable {Variable}" : null;

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

    /// <summary>The program of the variable, unchecked: if it does not run, the tests fail instead of using another.</summary>
    private static string? Named() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    private static IEnumerable<string> Candidates() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, "helm"));
}

/// <summary>A test that needs helm; skipped with a reason if there is none.</summary>
internal sealed class HelmFactAttribute : FactAttribute
{
    public HelmFactAttribute() => Skip = HelmProgram.Missing;
}

/// <summary>A theory that needs helm; skipped with a reason if there is none.</summary>
internal sealed class HelmTheoryAttribute : TheoryAttribute
{
    public HelmTheoryAttribute() => Skip = HelmProgram.Missing;
}
