using IngressController.Routing.Catalog;

namespace IngressController.Cli;

/// <summary>The options of <c>run</c> and of the other commands.</summary>
internal static class RunOptions
{
    /// <summary>Options of the leader election and the leader tasks.</summary>
    private static readonly RunOption[] Leader = [.. RunOptionGroups.Status.Options, .. RunOptionGroups.LeaderElection.Options];

    /// <summary>Options that <c>demo</c> does not accept, because it has its own cluster.</summary>
    private static readonly RunOption[] ExcludedFromDemo =
    [
        .. RunOptionGroups.Source.Options, .. Named("ingress-class", "controller-class", "watch-ingress-without-class"), .. Leader,
        .. RunOptionGroups.Shutdown.Options,
    ];

    /// <summary>Options that <c>explain</c> does not accept, because they only concern serving or watching.</summary>
    private static readonly RunOption[] ExcludedFromExplain =
    [
        .. Named("kubeconfig", "context", "watch-namespace", "bind-address", "initial-sync-timeout", "log-level"),
        .. Named("response-stall-timeout", "min-response-rate", "min-request-body-rate", "request-body-grace-period"),
        .. Named("health-path", "max-request-header-fields", "max-request-header-size", "max-request-line-size", "allow-bare-line-feed"),
        .. OverloadOptionGroup.Group.Options, .. Leader, .. RunOptionGroups.Shutdown.Options,
    ];

    /// <summary>The options that are declared in <see cref="RunOptionGroups"/>, without the global settings.</summary>
    public static IReadOnlyList<RunOption> Declared { get; } = [.. RunOptionGroups.All.SelectMany(group => group.Options)];

    /// <summary>
    /// The global settings as options. They are applied last, so that they take precedence over an option that sets several of them.
    /// </summary>
    private static readonly RunOption[] Settings = [.. SettingOptions.Of(RouteFeatures.Catalog.Settings.All, Declared)];

    public static IReadOnlyList<RunOption> All { get; } = [.. Declared, .. Settings];

    public static IReadOnlyList<RunOption> Demo { get; } = [.. All.Except(ExcludedFromDemo)];

    public static IReadOnlyList<RunOption> Echo { get; } = [.. Named("http-port", "bind-address", "shutdown-delay")];

    /// <summary>Options that determine which Ingresses are claimed and which values are valid.</summary>
    public static IReadOnlyList<RunOption> Lint { get; } =
    [
        .. Named("ingress-class", "controller-class", "watch-ingress-without-class", "annotation-prefix", "allow-external-name-loopback"),
        .. Settings,
    ];

    public static IReadOnlyList<RunOption> Explain { get; } = [.. All.Except(ExcludedFromExplain)];

    private static IEnumerable<RunOption> Named(params string[] names) =>
        names.Select(name => RunOptionGroups.All.SelectMany(group => group.Options).Single(option => option.Name == name));
}
