using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>
/// An option of <c>run</c>, declared once: a flag, an environment variable and a key of appsettings, with the same values and error
/// messages.
/// </summary>
/// <param name="Name">The name without dashes, for example <c>http-port</c>.</param>
/// <param name="ValueName">The placeholder of its value in the help.</param>
/// <param name="Description">The effect, with units and without the default; full sentences.</param>
/// <param name="Value">Reads the value of the option; null when it has none.</param>
/// <param name="Apply">Sets the value. Throws <see cref="FormatException"/> when it is invalid.</param>
internal sealed record RunOption(
    string Name, string ValueName, string Description, Func<IngressOptions, object?> Value, Func<IngressOptions, string, IngressOptions> Apply)
{
    private static readonly IngressOptions Defaults = new();

    /// <summary>The behavior without a value, for an option that has none by default.</summary>
    public string Unset { get; init; } = "none";

    /// <summary>The value that the option has by default, as it is written; null when it has none.</summary>
    public string? DefaultValue => OptionValues.Text(Value(Defaults));

    /// <summary>The default, for people.</summary>
    public string Default => DefaultValue ?? Unset;

    /// <summary>True if the option can be given several times. In the environment and in appsettings, commas separate the values.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Removes the default values of a repeatable option before the first value is set.</summary>
    public Func<IngressOptions, IngressOptions>? Clear { get; init; }

    /// <summary>True if <c>--help</c> does not list the option, because there are many of its kind.</summary>
    public bool IsHidden { get; init; }

    /// <summary>True if the flag without a value means true.</summary>
    public bool IsSwitch { get; init; }

    public string Flag => $"--{Name}";

    /// <summary>The environment variable, for example <c>INGRESS_HTTP_PORT</c>.</summary>
    public string EnvironmentVariable => $"INGRESS_{Name.Replace('-', '_').ToUpperInvariant()}";

    /// <summary>The key of appsettings, for example <c>Ingress:HttpPort</c>.</summary>
    public string AppSettingsKey => $"Ingress:{string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}";
}

/// <summary>The options of one area.</summary>
internal sealed record RunOptionGroup(string Name, IReadOnlyList<RunOption> Options);
