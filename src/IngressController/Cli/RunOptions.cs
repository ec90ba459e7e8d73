using IngressController.Configuration;
using IngressController.Routing.Catalog;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Settings;
using static IngressController.Cli.OptionValues;

namespace IngressController.Cli;

/// <summary>All options of <c>run</c>, and how their three layers become one <see cref="IngressOptions"/>.</summary>
internal static class RunOptions
{
    /// <summary>Options of what is written back to the cluster, and by which replica.</summary>
    private static readonly string[] WritingOptions =
    [
        "publish-service", "publish-status-address", "update-status", "update-status-on-shutdown", "emit-events", "leader-elect",
        "leader-elect-resource-name", "leader-elect-lease-duration", "leader-elect-renew-deadline", "leader-elect-retry-period",
    ];

    /// <summary>Options that say which cluster is read; the demo brings its own.</summary>
    private static readonly string[] ClusterOptions =
        ["manifests", "kubeconfig", "context", "watch-namespace", "ingress-class", "controller-class", "watch-ingress-without-class", .. WritingOptions, "shutdown-delay", "shutdown-grace-period"];

    /// <summary>Options that decide which Ingresses are ours and what is right in them.</summary>
    private static readonly string[] TranslationOptions =
        ["ingress-class", "controller-class", "watch-ingress-without-class", "annotation-prefix", "allow-external-name-loopback"];

    /// <summary>Options that only serving or watching has a use for.</summary>
    private static readonly string[] ServingOptions = ["kubeconfig", "context", "watch-namespace", "bind-address", "initial-sync-timeout", "log-level", .. WritingOptions, "shutdown-delay", "shutdown-grace-period"];

    /// <summary>The options with a text of their own; besides them each global setting is one.</summary>
    public static IReadOnlyList<RunOption> Own { get; } =
    [
        new("manifests", "DIR", "Serve a folder of Kubernetes manifests instead of an API server; it is read again when it changes.",
            (options, value) => options with { Source = options.Source with { Manifests = ExistingFolder(value) } }),
        new("kubeconfig", "FILE", "The kubeconfig file. Default: in-cluster credentials, else KUBECONFIG, else ~/.kube/config.",
            (options, value) => options with { Source = options.Source with { Kubeconfig = value } }),
        new("context", "NAME", "The context of the kubeconfig. Default: its current-context.",
            (options, value) => options with { Source = options.Source with { Context = value } }),
        new("watch-namespace", "NAMESPACE", "Watch only this namespace; may be given several times. Default: all namespaces.",
            (options, value) => options with { Source = options.Source with { WatchNamespaces = [.. options.Source.WatchNamespaces, value] } })
            { IsRepeatable = true },
        new("ingress-class", "NAME", "The class name that the legacy annotation kubernetes.io/ingress.class gives to our Ingresses. Default: yarp.",
            (options, value) => options with { Translation = options.Translation with { IngressClass = value } }),
        new("controller-class", "NAME", "The spec.controller of the IngressClasses that are ours. Default: yarp.ingress.kubernetes.io/controller.",
            (options, value) => options with { Translation = options.Translation with { ControllerClass = value } }),
        new("watch-ingress-without-class", "BOOL", "Also serve Ingresses that name no class. Default: false.",
            (options, value) => options with { Translation = options.Translation with { WatchIngressWithoutClass = Bool(value) } })
            { IsSwitch = true },
        new("annotation-prefix", "PREFIX", "A prefix of annotations that are read; may be given several times: of one annotation under several prefixes the first counts. Default: yarp.ingress.kubernetes.io, nginx.ingress.kubernetes.io.",
            (options, value) => options with { Translation = options.Translation with { AnnotationPrefixes = [.. options.Translation.AnnotationPrefixes, Prefix(value)] } })
            {
                IsRepeatable = true,
                Clear = options => options with { Translation = options.Translation with { AnnotationPrefixes = [] } },
            },
        new("http-port", "PORT", "The port for HTTP; 0 takes a free one. Default: 8080.",
            (options, value) => options with { Listener = options.Listener with { HttpPort = Port(value) } }),
        new("https-port", "PORT", "The port for HTTPS; 0 takes a free one. Default: 8443.",
            (options, value) => options with { Listener = options.Listener with { HttpsPort = Port(value) } }),
        new("admin-port", "PORT", "The port for health, metrics and the admin API; 0 takes a free one. Default: 10254.",
            (options, value) => options with { Listener = options.Listener with { AdminPort = Port(value) } }),
        new("bind-address", "IP", "The address all ports listen on. Default: all addresses, IPv4 and IPv6.",
            (options, value) => options with { Listener = options.Listener with { BindAddress = Address(value) } }),
        new("initial-sync-timeout", "SECONDS", "How long the http and https ports stay closed while there is nothing to serve yet; then they open, and answer 503. Default: 30.",
            (options, value) => options with { Listener = options.Listener with { InitialSyncTimeout = SecondsOrNone(value) } }),
        new("server-header", "BOOL", "Whether responses carry a Server header: the backend's, else ours; false removes it. Default: true.",
            (options, value) => options with { Listener = options.Listener with { ServerHeader = Bool(value) } })
            { IsSwitch = true },
        new("default-ssl-certificate", "NAMESPACE/NAME", "The Secret whose certificate hosts without their own get. Default: one self-signed at start.",
            (options, value) => options with { Translation = options.Translation with { DefaultSslCertificate = Name(value) } }),
        new("default-backend-service", "NAMESPACE/NAME", "The Service (its first port) that gets requests no rule matches. Default: they are answered 404.",
            (options, value) => options with { Translation = options.Translation with { DefaultBackendService = Name(value) } }),
        new("configmap", "NAMESPACE/NAME", "The ConfigMap with the settings of all Ingresses. Default: none.",
            (options, value) => options with { Translation = options.Translation with { ConfigMap = Name(value) } }),
        new("replicas-service", "NAMESPACE/NAME", "The Service whose ready endpoints are the replicas of this controller, among which limits of scope cluster are divided, and whose nodes Ingresses show without --publish-service and --publish-status-address. Default: one replica.",
            (options, value) => options with { Translation = options.Translation with { ReplicasService = Name(value) } }),
        new("allow-external-name-loopback", "BOOL", "Let ExternalName Services lead to loopback and link-local addresses. Default: false.",
            (options, value) => options with
            {
                Upstream = options.Upstream with { AllowExternalNameLoopback = Bool(value) },
                Translation = options.Translation with { AllowExternalNameLoopback = Bool(value) },
            })
            { IsSwitch = true },
        new("proxy-connect-timeout", "SECONDS", "How long a connection to an endpoint may take; then 504. Default: 5.",
            (options, value) => options with { Upstream = options.Upstream with { ConnectTimeout = Seconds(value) } }),
        new("proxy-read-timeout", "SECONDS", "How long an exchange with an endpoint may be silent, WebSockets too; then 504. Default: 60.",
            (options, value) => options with { Upstream = options.Upstream with { ReadTimeout = Seconds(value) } }),
        new("publish-service", "NAMESPACE/NAME", "The Service whose addresses status.loadBalancer of the Ingresses shows. Default: none, then the nodes of the replicas (--replicas-service).",
            (options, value) => options with { Status = options.Status with { PublishService = Name(value) } }),
        new("publish-status-address", "ADDRESS", "An IP address or host name that status.loadBalancer of the Ingresses shows instead; may be given several times. Default: none.",
            (options, value) => options with { Status = options.Status with { PublishAddresses = [.. options.Status.PublishAddresses, StatusAddress(value)] } })
            { IsRepeatable = true },
        new("update-status", "BOOL", "Whether the leader writes status.loadBalancer of the Ingresses. Default: true.",
            (options, value) => options with { Status = options.Status with { UpdateStatus = Bool(value) } })
            { IsSwitch = true },
        new("update-status-on-shutdown", "BOOL", "Whether the last replica empties status.loadBalancer of the Ingresses when it ends; it knows that it is the last by --replicas-service. Default: false.",
            (options, value) => options with { Status = options.Status with { RemoveOnShutdown = Bool(value) } })
            { IsSwitch = true },
        new("emit-events", "BOOL", "Whether the leader writes an Event for what is wrong with an Ingress. Default: true.",
            (options, value) => options with { Status = options.Status with { EmitEvents = Bool(value) } })
            { IsSwitch = true },
        new("leader-elect", "BOOL", "Whether this process may become the one that writes status and Events. Default: true; it needs POD_NAMESPACE.",
            (options, value) => options with { LeaderElection = options.LeaderElection with { Enabled = Bool(value) } })
            { IsSwitch = true },
        new("leader-elect-resource-name", "NAME", "The Lease of the leader election, in the namespace of the Pod. Default: yarp-ingress-leader.",
            (options, value) => options with { LeaderElection = options.LeaderElection with { LeaseName = ObjectName(value) } }),
        new("leader-elect-lease-duration", "SECONDS", "How long others wait after the leader's last sign before one takes over. Default: 15.",
            (options, value) => options with { LeaderElection = options.LeaderElection with { LeaseDuration = Seconds(value) } }),
        new("leader-elect-renew-deadline", "SECONDS", "How long the leader tries to renew before it ends its work. Default: 10.",
            (options, value) => options with { LeaderElection = options.LeaderElection with { RenewDeadline = Seconds(value) } }),
        new("leader-elect-retry-period", "SECONDS", "The time between two tries to get or renew the lease. Default: 2.",
            (options, value) => options with { LeaderElection = options.LeaderElection with { RetryPeriod = Seconds(value) } }),
        new("shutdown-delay", "SECONDS", "How long it serves on after SIGTERM, not ready, so that load balancers notice. Default: 5.",
            (options, value) => options with { Shutdown = options.Shutdown with { Delay = SecondsOrNone(value) } }),
        new("shutdown-grace-period", "SECONDS", "How long requests in flight may take after the shutdown delay. Default: 30.",
            (options, value) => options with { Shutdown = options.Shutdown with { GracePeriod = SecondsOrNone(value) } }),
        new("log-level", "LEVEL", "What is logged, and what is worse: debug, information, warning or error. Default: information.",
            (options, value) => options with { LogLevel = Level(value) }),
        new("limit-status-code", "CODE", "The status of requests over a limit of the limit-rps, limit-rpm or limit-connections annotation. Default: 503.",
            (options, value) => options with { Translation = options.Translation with { Global = WithLimitStatus(options.Translation.Global, ErrorStatus(value)) } }),
    ];

    /// <summary>After the others, so that a setting goes over an option for several of them.</summary>
    private static readonly RunOption[] Settings = [.. SettingOptions.Of(RouteFeatures.Catalog.Settings.All, Own)];

    public static IReadOnlyList<RunOption> All { get; } = [.. Own, .. Settings];

    public static IReadOnlyList<RunOption> Demo { get; } = [.. All.Where(option => !ClusterOptions.Contains(option.Name))];

    public static IReadOnlyList<RunOption> Echo { get; } = [.. Own.Where(option => option.Name is "http-port" or "bind-address" or "shutdown-delay")];

    public static IReadOnlyList<RunOption> Lint { get; } = [.. Own.Where(option => TranslationOptions.Contains(option.Name)), .. Settings];

    public static IReadOnlyList<RunOption> Explain { get; } = [.. All.Where(option => !ServingOptions.Contains(option.Name))];

    /// <summary>Flags go before environment variables, those before appsettings, those before defaults.</summary>
    /// <param name="accepted">The options that the verb has; the others are not looked at.</param>
    /// <param name="flags">The values of an option on the command line.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="appSettings">The content of appsettings.json.</param>
    /// <exception cref="FormatException">A value is wrong; the message is one line that names where it stands.</exception>
    public static IngressOptions Read(
        IReadOnlyList<RunOption> accepted, Func<RunOption, IReadOnlyList<string>> flags, Func<string, string?> environment, IConfiguration appSettings)
    {
        RequireKnown(appSettings);
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
            throw new FormatException("--manifests and --kubeconfig exclude each other: give one source");
        RequireOrder(options.LeaderElection);
        return options with { Pod = Pod(options.Pod, environment) };
    }

    /// <summary>A leader that may still write while another already leads would be two writers.</summary>
    private static void RequireOrder(LeaderElectionOptions election)
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
    /// A misspelt key would be passed over without a word. (Not so in the environment: Kubernetes itself sets INGRESS_... there when a
    /// Service's name begins with ingress.)
    /// </summary>
    private static void RequireKnown(IConfiguration appSettings)
    {
        var known = All.Select(option => option.AppSettingsKey).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (appSettings.GetSection("Ingress").GetChildren().FirstOrDefault(child => !known.Contains(child.Path)) is { } unknown)
            throw new FormatException($"appsettings {unknown.Path}: there is no such option; --help lists the options, http-port is written HttpPort here");
    }

    private static IngressOptions Apply(IngressOptions options, RunOption option, string where, IReadOnlyList<string> values)
    {
        if (values.Count > 1 && !option.IsRepeatable)
            throw new FormatException($"{where}: given {values.Count} times; give it once");
        options = option.Clear?.Invoke(options) ?? options;
        foreach (var value in values)
        {
            if (value.Length == 0)
                throw new FormatException($"{where}: its value is empty");
            try
            {
                options = option.Apply(options, value);
            }
            catch (FormatException error)
            {
                throw new FormatException($"{where}: {error.Message}", error);
            }
        }

        return options;
    }

    private static string[] Split(RunOption option, string value) =>
        option.IsRepeatable ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [value];

    private static GlobalSettings WithLimitStatus(GlobalSettings settings, int status) =>
        settings.With(new RateLimitSettings { LimitReqStatusCode = status, LimitConnStatusCode = status });
}
