using System.CommandLine;
using IngressController.Configuration;
using IngressController.Routing.Translation;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>lint</c> command: checks manifests without a cluster.</summary>
internal sealed class LintCommand
{
    private readonly Argument<string[]> _paths = new("PATH")
    {
        Description = "A file of manifests, a folder of them, or - for standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = OutputOption.Of("How findings are written: text, one line each, or json.");

    public LintCommand()
    {
        Command = new Command("lint", """
            Check manifests: prints what is wrong with their Ingresses, where it stands and what serving would do about it. What a
            cluster makes itself (EndpointSlices) need not be there; Services and Secrets that are missing are warnings. Exit code 1
            when there is an error, 2 when the command itself is wrong, else 0.
            """)
        {
            _paths, _output,
        };
    }

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var paths = parsed.GetValue(_paths)!;
        if (paths.FirstOrDefault(path => path != LintInput.StandardInput && !File.Exists(path) && !Directory.Exists(path)) is { } missing)
        {
            await terminal.ComplainAsync(missing.StartsWith('-')
                ? $"Unrecognized command or argument '{missing}'; --help lists the options"
                : $"no file or folder \"{missing}\" exists");
            return CommandLine.UsageError;
        }

        var report = Linter.Lint(LintInput.Read(paths, terminal.In), options.Translation);
        await terminal.Out.WriteLineAsync(parsed.IsJson(_output) ? ViewJson.Write(report) : report.ToText());
        return report.Errors > 0 ? CommandLine.Failure : 0;
    }
}
