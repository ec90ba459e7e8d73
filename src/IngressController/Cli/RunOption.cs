using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>
/// One option of <c>run</c>, declared once: it is a flag, an environment variable and a key of appsettings, with the same values and
/// the same complaints everywhere.
/// </summary>
/// <param name="Name">Without dashes, for example <c>http-port</c>.</param>
/// <param name="ValueName">What its value is, for help.</param>
/// <param name="Description">What it does, with unit and default.</param>
/// <param name="Apply">Sets the value, or throws <see cref="FormatException"/> with what is wrong with it.</param>
internal sealed record RunOption(string Name, string ValueName, string Description, Func<IngressOptions, string, IngressOptions> Apply)
{
    /// <summary>Whether it may be given several times; values then are separated by commas in the environment and in appsettings.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>What takes away the values that a repeatable option has by default, before the first one is set.</summary>
    public Func<IngressOptions, IngressOptions>? Clear { get; init; }

    /// <summary>Whether <c>--help</c> passes it over, because there are many of its kind.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Whether the flag may stand alone and then means true.</summary>
    public bool IsSwitch { get; init; }

    public string Flag => $"--{Name}";

    /// <summary>For example <c>INGRESS_HTTP_PORT</c>.</summary>
    public string EnvironmentVariable => $"INGRESS_{Name.Replace('-', '_').ToUpperInvariant()}";

    /// <summary>For example <c>Ingress:HttpPort</c>.</summary>
    public string AppSettingsKey => $"Ingress:{string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}";
}
