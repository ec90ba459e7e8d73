using IngressController.Configuration;

namespace IngressController.Cli;

/// <summary>Reads the options from their three layers into one <see cref="IngressOptions"/>.</summary>
internal static class OptionLayers
{
    /// <summary>Reads the options. Flags take precedence over environment variables, those over appsettings, those over defaults.</summary>
    /// <param name="accepted">The options of the command; others are ignored.</param>
    /// <param name="flags">The values of an option on the command line.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="appSettings">The content of appsettings.json.</param>
    /// <exception cref="FormatException">A value is invalid; the message is one line that names its source.</exception>
    public static IngressOptions Read(
        IReadOnlyList<RunOption> accepted, Func<RunOption, IReadOnlyList<string>> flags, Func<string, string?> environment, IConfiguration appSettings)
    {
        RejectUnknownKeys(appSettings);
        var options = new IngressOptions();
        foreach (var option in accepted)
        {
            if (flags(option) is { Count: > 0 } fromFlag)
                options = Apply(options, option, option.Flag, fromFlag);
            else if (environment(option.EnvironmentVariable) is { Length: > 0 } fromEnvironment)
                options = Apply(options, option, option.EnvironmentVariable, Split(option, fromEnvironment));
            else if (appSettings[option.AppSettingsKey] is { Length: > 0 } fromSettings)
                options = Apply(options, option, $"appsettings {option.AppSettingsKey}", Split(option, fromSettings));
            else if (option.IsRepeatable && appSettings.GetSection(option.AppSettingsKey).GetChildren().Select(child => child.Value!).ToArray() is { Length: > 0 } list)
                options = Apply(options, option, $"appsettings {option.AppSettingsKey}", list);
        }

        if (options.Source is { Manifests: not null, Kubeconfig: not null })
            throw new FormatException("--manifests and --kubeconfig cannot be combined: give one source");
        ValidateTimes(options.LeaderElection);
        return options with { Pod = Pod(options.Pod, environment) };
    }

    /// <summary>Rejects times with which a leader could still write when another replica already leads.</summary>
    private static void ValidateTimes(LeaderElectionOptions election)
    {
        if (election.LeaseDuration <= election.RenewDeadline)
            throw new FormatException("--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline");
        if (election.RenewDeadline <= election.RetryPeriod * 1.2)
            throw new FormatException("--leader-elect-renew-deadline must be longer than 1.2 times --leader-elect-retry-period");
    }

    private static PodOptions Pod(PodOptions defaults, Func<string, string?> environment) => new()
    {
        Namespace = environment("POD_NAMESPACE") is { Length: > 0 } ns ? ns : defaults.Namespace,
        Name = environment("POD_NAME") is { Length: > 0 } name ? name : defaults.Name,
    };

    /// <summary>
    /// Rejects misspelled keys, which would be ignored otherwise. The environment is not checked: Kubernetes itself sets INGRESS_...
    /// variables when the name of a Service begins with ingress.
    /// </summary>
    private static void RejectUnknownKeys(IConfiguration appSettings)
    {
        var known = RunOptions.All.Select(option => option.AppSettingsKey).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (appSettings.GetSection("Ingress").GetChildren().FirstOrDefault(child => !known.Contains(child.Path)) is { } unknown)
            throw new FormatException($"appsettings {unknown.Path}: there is no such option; --help lists the options, http-port is written HttpPort here");
    }

    private static IngressOptions Apply(IngressOptions options, RunOption option, string source, IReadOnlyList<string> values)
    {
        if (values.Count > 1 && !option.IsRepeatable)
            throw new FormatException($"{source}: given {values.Count} times; give it once");
        options = option.Clear?.Invoke(options) ?? options;
        foreach (var value in values)
        {
            if (value.Length == 0)
                throw new FormatException($"{source}: its value is empty");
            try
            {
                options = option.Apply(options, value);
            }
            catch (FormatException error)
            {
                throw new FormatException($"{source}: {error.Message}", error);
            }
        }

        return options;
    }

    private static string[] Split(RunOption option, string value) =>
        option.IsRepeatable ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [value];
}
