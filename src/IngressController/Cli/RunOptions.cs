using IngressController.Routing.Catalog;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>All options of <c>run</c>, and those of the other verbs.</summary>
internal static class RunOptions
{
    /// <summary>Options of the tasks of the leader.</summary>
    private static readonly RunOption[] Leader = [.. RunOptionGroups.Status.Options, .. RunOptionGroups.LeaderElection.Options];

    /// <summary>Options that the demo lacks: it has a cluster of its own.</summary>
    private static readonly RunOption[] NotOfDemo =
    [
        .. RunOptionGroups.Source.Options, .. Named("ingress-class", "controller-class", "watch-ingress-without-class"), .. Leader,
        .. RunOptionGroups.Shutdown.Options,
    ];

    /// <summary>Options that only serving or watching needs.</summary>
    private static readonly RunOption[] NotOfExplain =
    [
        .. Named("kubeconfig", "context", "watch-namespace", "bind-address", "initial-sync-timeout", "log-level"), .. Leader,
        .. RunOptionGroups.Shutdown.Options,
    ];

    /// <summary>The options that are declared in <see cref="RunOptionGroups"/>. Each global setting is an option, too.</summary>
    public static IReadOnlyList<RunOption> Own { get; } = [.. RunOptionGroups.All.SelectMany(group => group.Options)];

    /// <summary>They come last, so that a setting takes precedence over an option that sets several of them.</summary>
    private static readonly RunOption[] Settings = [.. SettingOptions.Of(RouteFeatures.Catalog.Settings.All, Own)];

    public static IReadOnlyList<RunOption> All { get; } = [.. Own, .. Settings];

    public static IReadOnlyList<RunOption> Demo { get; } = [.. All.Except(NotOfDemo)];

    public static IReadOnlyList<RunOption> Echo { get; } = [.. Named("http-port", "bind-address", "shutdown-delay")];

    /// <summary>Options that decide which Ingresses are claimed and what is valid in them.</summary>
    public static IReadOnlyList<RunOption> Lint { get; } =
    [
        .. Named("ingress-class", "controller-class", "watch-ingress-without-class", "annotation-prefix", "allow-external-name-loopback"),
        .. Settings,
    ];

    public static IReadOnlyList<RunOption> Explain { get; } = [.. All.Except(NotOfExplain)];

    private static IEnumerable<RunOption> Named(params string[] names) =>
        names.Select(name => RunOptionGroups.All.SelectMany(group => group.Options).Single(option => option.Name == name));
}
