using System.CommandLine;
using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>The commands of the program.</summary>
internal static class CommandLine
{
    /// <summary>The exit code of a failed command.</summary>
    public const int Failure = 1;

    /// <summary>The exit code of an invalid command line.</summary>
    public const int UsageError = 2;

    /// <summary>The exit code of <c>lint</c> when there are Ingresses and none is claimed.</summary>
    public const int NothingChecked = 3;

    public static async Task<int> InvokeAsync(string[] args, Terminal? terminal = null)
    {
        terminal ??= Terminal.Console;
        var root = new RootCommand("""
            A Kubernetes Ingress controller: it watches Ingresses and serves their traffic itself.

            Every option is a flag, an environment variable and a key of appsettings.json in the working directory (Ingress:HttpPort for
            --http-port). Flags take precedence over the environment, which takes precedence over appsettings.json. Each global setting is an
            option, too: the settings command lists them.
            """);
        var run = new Command("run", "Serve the Ingresses of a cluster, or of a folder of manifests (the default command).");
        var demo = new Command("demo", "Serve built-in Ingresses and backends, to try the controller out.");
        var echo = new Command("echo", "Answer every request with the received request as JSON: a backend to test an Ingress with. It listens on --http-port.");
        var lint = new LintCommand();
        var explain = new ExplainCommand();
        var annotations = new AnnotationsCommand();
        var settings = new SettingsCommand();
        var flags = new RunFlags();
        flags.AddTo(root, RunOptions.All, terminal, ServeCommand.RunAsync);
        flags.AddTo(run, RunOptions.All, terminal, ServeCommand.RunAsync);
        flags.AddTo(demo, RunOptions.Demo, terminal, DemoCommand.RunAsync);
        flags.AddTo(echo, RunOptions.Echo, terminal, EchoCommand.RunAsync);
        flags.AddTo(lint.Command, RunOptions.Lint, terminal, lint.RunAsync);
        flags.AddTo(explain.Command, RunOptions.Explain, terminal, explain.RunAsync);
        flags.AddTo(annotations.Command, [], terminal, annotations.RunAsync);
        flags.AddTo(settings.Command, [], terminal, settings.RunAsync);
        root.Subcommands.Add(run);
        root.Subcommands.Add(demo);
        root.Subcommands.Add(echo);
        root.Subcommands.Add(lint.Command);
        root.Subcommands.Add(explain.Command);
        root.Subcommands.Add(annotations.Command);
        root.Subcommands.Add(settings.Command);

        var parsed = root.Parse(RunFlags.Normalize(args), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            await terminal.WriteErrorAsync($"{parsed.Errors[0].Message.TrimEnd('.')}; --help lists the options");
            return UsageError;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            // Commands that need a graceful shutdown handle signals themselves; the others just end.
            ProcessTerminationTimeout = null,
            Output = terminal.Out,
            Error = terminal.Error,
        });
    }
}

/// <summary>The action of a command, called with its options.</summary>
internal delegate Task<int> CommandAction(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation);
