using System.CommandLine;
using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>The options as flags of the commands. All commands share them, so that a flag can be before or after the command.</summary>
internal sealed class RunFlags
{
    private readonly Dictionary<RunOption, Option<string[]>> _flags = RunOptions.All.ToDictionary(option => option, ToFlag);

    /// <summary>
    /// Adds <c>=true</c> to a switch without a value. Otherwise the parser takes the next argument as its value, even a file name.
    /// </summary>
    public static string[] Normalize(string[] args)
    {
        var switches = RunOptions.All.Where(option => option.IsSwitch).Select(option => option.Flag).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. args.Select((arg, index) => switches.Contains(arg) && !bool.TryParse(args.ElementAtOrDefault(index + 1), out _) ? $"{arg}=true" : arg),
        ];
    }

    /// <summary>Adds the flags and the action to a command.</summary>
    public void AddTo(Command command, IReadOnlyList<RunOption> accepted, Terminal terminal, CommandAction action)
    {
        foreach (var option in accepted)
            command.Options.Add(_flags[option]);
        command.SetAction(async (parsed, cancellation) =>
        {
            IngressOptions options;
            try
            {
                RequireAccepted(parsed, command, accepted);
                options = OptionLayers.Read(accepted, option => Values(parsed, option), Environment.GetEnvironmentVariable, AppSettings());
            }
            catch (FormatException error)
            {
                await terminal.WriteErrorAsync(error.Message);
                return CommandLine.UsageError;
            }

            return await action(parsed, options, terminal, cancellation);
        });
    }

    private static Option<string[]> ToFlag(RunOption option) => new(option.Flag)
    {
        Description = $"{option.Description} Default: {option.Default}. [env: {option.EnvironmentVariable}]",
        HelpName = option.ValueName,
        Arity = ArgumentArity.OneOrMore,
        Hidden = option.IsHidden,
        AllowMultipleArgumentsPerToken = false,
    };

    private string[] Values(ParseResult parsed, RunOption option) =>
        parsed.GetResult(_flags[option]) is { Implicit: false } ? parsed.GetValue(_flags[option]) ?? [] : [];

    /// <summary>Rejects flags of other commands. The parser accepts every flag before the command.</summary>
    private void RequireAccepted(ParseResult parsed, Command command, IReadOnlyList<RunOption> accepted)
    {
        if (RunOptions.All.Except(accepted).FirstOrDefault(option => Values(parsed, option).Length > 0) is { } unaccepted)
            throw new FormatException($"{unaccepted.Flag}: {command.Name} has no such option");
    }

    private static IConfiguration AppSettings()
    {
        var file = Path.GetFullPath("appsettings.json");
        try
        {
            return new ConfigurationBuilder().AddJsonFile(file, optional: true).Build();
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException or FormatException)
        {
            throw new FormatException($"{file} cannot be read: {error.GetBaseException().Message}", error);
        }
    }
}
