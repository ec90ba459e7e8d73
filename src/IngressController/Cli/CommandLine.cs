using System.CommandLine;
using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>The verbs of the program.</summary>
internal static class CommandLine
{
    /// <summary>The exit code of an option that is wrong.</summary>
    public const int UsageError = 2;

    public static async Task<int> InvokeAsync(string[] args)
    {
        var root = new RootCommand("A Kubernetes Ingress controller: it watches Ingresses and serves their traffic itself.");
        var run = new Command("run", "Serve the Ingresses of a cluster, or of a folder of manifests (the default verb).");
        var demo = new Command("demo", "Serve built-in Ingresses in front of built-in backends, to try things out.");
        AddServing(root, ServeCommand.RunAsync);
        AddServing(run, ServeCommand.RunAsync);
        AddServing(demo, DemoCommand.RunAsync);
        root.Subcommands.Add(run);
        root.Subcommands.Add(demo);
        root.Subcommands.Add(LintCommand.Create());

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"ingress-controller: {parsed.Errors[0].Message.TrimEnd('.')}; --help lists the options");
            return UsageError;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static void AddServing(Command command, Func<IngressOptions, CancellationToken, Task<int>> serve)
    {
        var flags = RunOptions.All.ToDictionary(option => option, ToFlag);
        foreach (var flag in flags.Values)
            command.Options.Add(flag);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var appSettings = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true).Build();
                var options = RunOptions.Read(option => Values(parsed, option, flags[option]), Environment.GetEnvironmentVariable, appSettings);
                return await serve(options, cancellation);
            }
            catch (Exception error) when (error is FormatException or InvalidDataException)
            {
                await Console.Error.WriteLineAsync($"ingress-controller: {error.Message}");
                return UsageError;
            }
        });
    }

    private static Option<string[]> ToFlag(RunOption option) => new(option.Flag)
    {
        Description = $"{option.Description} [env: {option.EnvironmentVariable}]",
        HelpName = option.ValueName,
        Arity = option.IsSwitch ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private static string[] Values(ParseResult parsed, RunOption option, Option<string[]> flag) =>
        parsed.GetResult(flag) is not { Implicit: false } ? []
        : parsed.GetValue(flag) is { Length: > 0 } values ? values
        : option.IsSwitch ? ["true"] : [];
}
