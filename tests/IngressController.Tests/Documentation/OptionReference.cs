using System.Text;
using System.Text.RegularExpressions;
using IngressController.Cli;

namespace IngressController.Tests.Documentation;

/// <summary>Writes docs/options.md from the declarations of the options.</summary>
internal static partial class OptionReference
{
    private const string Introduction = """
        # Options

        Generated from the declarations in `RunOptionGroups.cs`; `ingress-controller --help` prints the same. To change a text, change its declaration and
        run `UPDATE_GOLDEN=1 dotnet test tests/IngressController.Tests --filter OptionReferenceTests`.

        - Every option is a flag, an environment variable and a key of `appsettings.json` in the working directory. Flags take precedence over the
          environment, the environment over the file.
        - An invalid value or an unknown `Ingress:` key of the file is one line on stderr and exit code 2. An empty variable is an unset one.
        - `BOOL` is `true` or `false`; the flag alone means `true`. `SECONDS` is a number of at most 86400 and can have a fraction.
        - A repeatable option is given several times as a flag, and as a comma-separated list in the environment and in the file, where it can also be an array.
        - The tables are those of `run`, the default command. `demo`, `echo`, `lint` and `explain` take the options that concern them:
          `ingress-controller VERB --help` lists them.
        - Each [global setting](annotations.md#global-settings) is an option, too; `ingress-controller settings` lists them.
        - `POD_NAMESPACE` and `POD_NAME` name the Pod of the process, as the downward API sets them; the chart does so.
        - In a Pod, set `enableServiceLinks: false`, as the chart does. Otherwise a Service named `ingress-http` puts its address into `INGRESS_HTTP_PORT`.

        """;

    public static string Markdown(IReadOnlyList<RunOptionGroup> groups)
    {
        var text = new StringBuilder(Introduction);
        foreach (var group in groups)
        {
            text.Append($"\n## {group.Name}\n\n| flag | environment variable | key in `appsettings.json` | default | meaning |\n|---|---|---|---|---|\n");
            foreach (var option in group.Options)
            {
                text.Append($"| `{option.Flag} {option.ValueName}` | `{option.EnvironmentVariable}` | `{option.AppSettingsKey}` ");
                text.Append($"| {(option.DefaultValue is { } value ? $"`{value}`" : Prose(option.Unset))} | {Prose(option.Description)} |\n");
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>Escapes a text for Markdown and formats flags and variables as code.</summary>
    private static string Prose(string text) => Special().Replace(text, match => match.Length == 1 ? $"\\{match}" : $"`{match}`");

    [GeneratedRegex(@"--[a-z]+(-[a-z]+)*|[A-Z]+_[A-Z_]+|[*_<\[\\|]")]
    private static partial Regex Special();
}
