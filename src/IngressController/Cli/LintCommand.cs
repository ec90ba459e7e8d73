using System.CommandLine;
using IngressController.Configuration;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>lint</c> command: checks manifests without a cluster.</summary>
internal sealed class LintCommand
{
    private readonly Argument<string[]> _paths = new("PATH")
    {
        Description = "A file or folder of manifests, or - for standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = OutputOption.Of("The output format: text (one line per finding) or json.");

    private readonly Option<bool> _allClasses = AllClassesOption.Create();

    private readonly Option<bool> _fix = new("--fix") { Description = "Rewrite Ingresses of v1beta1 in the files as networking.k8s.io/v1 first." };

    public LintCommand()
    {
        Command = new Command("lint", """
            Check manifests: print the problems of their Ingresses, the location of each and its effect. EndpointSlices, which a cluster
            creates itself, are not needed; missing Services and Secrets are warnings. Ingresses of other classes are counted, not
            checked. The exit code is 1 if there is an error, 2 if the command line is invalid, 3 if there are Ingresses and none of them
            was checked, and 0 otherwise.
            """)
        {
            _paths, _output, _allClasses, _fix,
        };
    }

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var paths = parsed.GetValue(_paths)!;
        if (paths.FirstOrDefault(path => path != LintInput.StandardInput && !File.Exists(path) && !Directory.Exists(path)) is { } missing)
        {
            await terminal.WriteErrorAsync(missing.StartsWith('-')
                ? $"Unrecognized command or argument '{missing}'; --help lists the options"
                : $"no file or folder \"{missing}\" exists");
            return CommandLine.UsageError;
        }

        if (parsed.GetValue(_fix))
        {
            if (paths.Contains(LintInput.StandardInput))
            {
                await terminal.WriteErrorAsync("--fix rewrites files, and standard input is none");
                return CommandLine.UsageError;
            }

            await LintFixes.ApplyAsync(paths, terminal, cancellation);
        }

        var report = Linter.Lint(LintInput.Read(paths, terminal.In), parsed.Of(_allClasses, options).Translation);
        await terminal.Out.WriteLineAsync(parsed.IsJson(_output) ? ViewJson.Write(report) : report.ToText());
        return report switch
        {
            { Errors: > 0 } => CommandLine.Failure,
            { CheckedNothing: true } => CommandLine.NothingChecked,
            _ => 0,
        };
    }
}
