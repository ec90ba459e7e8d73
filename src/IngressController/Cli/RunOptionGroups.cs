using IngressController.Routing.Catalog;
using static IngressController.Cli.OptionValues;

namespace IngressController.Cli;

/// <summary>The declarations of the options, by area. docs/options.md is generated from them.</summary>
internal static class RunOptionGroups
{
    private static readonly string[] LimitStatusSettings = ["limit-req-status-code", "limit-conn-status-code"];

    public static RunOptionGroup Source { get; } = new("Source",
    [
        new("manifests", "DIR", "Folder of Kubernetes manifests that is served instead of an API server. It is reloaded when it changes.",
            options => options.Source.Manifests,
            (options, value) => options with { Source = options.Source with { Manifests = ExistingFolder(value) } }),
        new("kubeconfig", "FILE", "Kubeconfig file. It cannot be combined with --manifests.",
            options => options.Source.Kubeconfig,
            (options, value) => options with { Source = options.Source with { Kubeconfig = value } })
            { Unset = "in-cluster credentials, else KUBECONFIG, else ~/.kube/config" },
        new("context", "NAME", "Context of the kubeconfig.",
            options => options.Source.Context,
            (options, value) => options with { Source = options.Source with { Context = value } })
            { Unset = "its current-context" },
        new("watch-namespace", "NAMESPACE", "Namespace to watch. Repeatable.",
            options => options.Source.WatchNamespaces,
            (options, value) =>
                options with { Source = options.Source with { WatchNamespaces = [.. options.Source.WatchNamespaces, value] } })
            { IsRepeatable = true, Unset = "all namespaces" },
    ]);

    public static RunOptionGroup Ingress { get; } = new("Ingresses",
    [
        new("ingress-class", "NAME",
            "Value of the legacy annotation kubernetes.io/ingress.class that claims an Ingress for this controller.",
            options => options.Translation.IngressClass,
            (options, value) => options with { Translation = options.Translation with { IngressClass = value } }),
        new("controller-class", "NAME", "Value of spec.controller of the IngressClasses that this controller owns.",
            options => options.Translation.ControllerClass,
            (options, value) => options with { Translation = options.Translation with { ControllerClass = value } }),
        new("watch-ingress-without-class", "BOOL", "Serve Ingresses that name no class, too.",
            options => options.Translation.WatchIngressWithoutClass,
            (options, value) => options with { Translation = options.Translation with { WatchIngressWithoutClass = Bool(value) } })
            { IsSwitch = true },
        new("annotation-prefix", "PREFIX",
            "Prefix of the annotations to read. Repeatable; of one annotation under several prefixes, the first prefix takes precedence.",
            options => options.Translation.AnnotationPrefixes,
            (options, value) =>
                options with { Translation = options.Translation with { AnnotationPrefixes = [.. options.Translation.AnnotationPrefixes, Prefix(value)] } })
            {
                IsRepeatable = true,
                Clear = options => options with { Translation = options.Translation with { AnnotationPrefixes = [] } },
            },
        new("configmap", "NAMESPACE/NAME",
            "ConfigMap with the global settings. It takes precedence over settings that are given as options.",
            options => options.Translation.ConfigMap,
            (options, value) => options with { Translation = options.Translation with { ConfigMap = Name(value) } }),
        new("default-ssl-certificate", "NAMESPACE/NAME", "Secret with the certificate of hosts that have none of their own.",
            options => options.Translation.DefaultSslCertificate,
            (options, value) => options with { Translation = options.Translation with { DefaultSslCertificate = Name(value) } })
            { Unset = "a self-signed certificate that is created at start" },
        new("default-backend-service", "NAMESPACE/NAME", "Service whose first port gets the requests that match no rule.",
            options => options.Translation.DefaultBackendService,
            (options, value) => options with { Translation = options.Translation with { DefaultBackendService = Name(value) } })
            { Unset = "these requests are answered 404" },
        new("replicas-service", "NAMESPACE/NAME",
            "Service whose ready endpoints are the replicas of this controller. Limits of scope cluster are divided among them, and "
            + "Ingresses show their nodes unless --publish-service or --publish-status-address is set.",
            options => options.Translation.ReplicasService,
            (options, value) => options with { Translation = options.Translation with { ReplicasService = Name(value) } })
            { Unset = "one replica" },
        new("limit-status-code", "CODE",
            "Status of requests over limit-rps, limit-rpm or limit-connections. The settings limit-req-status-code and "
            + "limit-conn-status-code take precedence.",
            options => options.Translation.Global.TextOf(LimitStatusSettings[0]) ?? RouteFeatures.Catalog.Settings.Find(LimitStatusSettings[0])!.Default,
            (options, value) => SettingOptions.Apply(options, value, LimitStatusSettings)),
    ]);

    public static RunOptionGroup Listener { get; } = new("Listener",
    [
        new("http-port", "PORT", "Port for HTTP. 0 takes a free port.",
            options => options.Listener.HttpPort,
            (options, value) => options with { Listener = options.Listener with { HttpPort = Port(value) } }),
        new("https-port", "PORT", "Port for HTTPS. 0 takes a free port.",
            options => options.Listener.HttpsPort,
            (options, value) => options with { Listener = options.Listener with { HttpsPort = Port(value) } }),
        new("admin-port", "PORT", "Port for health checks, metrics and the admin API. 0 takes a free port.",
            options => options.Listener.AdminPort,
            (options, value) => options with { Listener = options.Listener with { AdminPort = Port(value) } }),
        new("bind-address", "IP", "IP address that all ports listen on. :: means all addresses, IPv4 and IPv6.",
            options => options.Listener.BindAddress,
            (options, value) => options with { Listener = options.Listener with { BindAddress = Address(value) } }),
        new("initial-sync-timeout", "SECONDS",
            "Time in seconds after which the http and https ports open although there is nothing to serve yet. They answer 503 then. "
            + "0 opens them at once.",
            options => options.Listener.InitialSyncTimeout,
            (options, value) => options with { Listener = options.Listener with { InitialSyncTimeout = SecondsOrNone(value) } }),
        new("health-path", "PATH",
            "Path of health checks on the http and https ports, such as /healthz: 200, or 503 while the replica shuts down or has nothing to "
            + "serve. Only for requests whose host no Ingress names, and before rules without a host.",
            options => options.Listener.HealthPath,
            (options, value) => options with { Listener = options.Listener with { HealthPath = UrlPath(value) } })
            { Unset = "these ports answer no health checks" },
        new("max-request-header-fields", "NUMBER",
            "Maximum number of header fields of a request, from 10 to 100000. Each cookie of HTTP/2 counts. More are answered 431.",
            options => options.Listener.MaxRequestHeaderFields,
            (options, value) => options with { Listener = options.Listener with { MaxRequestHeaderFields = Between(value, 10, 100_000) } }),
        new("max-request-header-size", "BYTES",
            "Maximum size in bytes of all header fields of a request, from 1024 to 1048576. HTTP/2 counts 32 bytes more per field. Larger "
            + "ones are answered 431.",
            options => options.Listener.MaxRequestHeaderSize,
            (options, value) => options with { Listener = options.Listener with { MaxRequestHeaderSize = Between(value, 1 << 10, 1 << 20) } }),
        new("max-request-line-size", "BYTES",
            "Maximum length in bytes of the request line, from 1024 to 1048576. A longer one is answered 414.",
            options => options.Listener.MaxRequestLineSize,
            (options, value) => options with { Listener = options.Listener with { MaxRequestLineSize = Between(value, 1 << 10, 1 << 20) } }),
        new("allow-bare-line-feed", "BOOL",
            "Accept lines of a request head that end in LF without CR. Clients that send them are old or attackers: servers that read such "
            + "lines differently can be made to see another request.",
            options => options.Listener.AllowBareLineFeed,
            (options, value) => options with { Listener = options.Listener with { AllowBareLineFeed = Bool(value) } })
            { IsSwitch = true },
        new("allow-trace", "BOOL", "Forward TRACE, which makes a backend repeat a request with its credentials. Without it TRACE is answered 405.",
            options => options.Listener.AllowTrace,
            (options, value) => options with { Listener = options.Listener with { AllowTrace = Bool(value) } })
            { IsSwitch = true },
        new("response-stall-timeout", "SECONDS",
            "Time in seconds after which an exchange ends whose client takes no bytes of a waiting response, and a connection all of whose "
            + "exchanges are such. Responses without data from the backend do not wait. 0 sets no limit.",
            options => options.Listener.ResponseStallTimeout,
            (options, value) => options with { Listener = options.Listener with { ResponseStallTimeout = SecondsOrNone(value) } }),
        new("min-response-rate", "BYTES",
            "Minimum rate in bytes per second at which a client takes a waiting response, from 0 to 1048576. 0 sets no limit.",
            options => options.Listener.MinResponseRate,
            (options, value) => options with { Listener = options.Listener with { MinResponseRate = Between(value, 0, 1 << 20) } }),
        new("min-request-body-rate", "BYTES",
            "Minimum average rate in bytes per second of the body of a request while the proxy waits for it, from 0 to 1048576. A slower one "
            + "is answered 408 over HTTP/1.1, and its stream is reset over HTTP/2. gRPC calls have none. 0 sets no limit.",
            options => options.Listener.MinRequestBodyRate,
            (options, value) => options with { Listener = options.Listener with { MinRequestBodyRate = Between(value, 0, 1 << 20) } }),
        new("request-body-grace-period", "SECONDS",
            "Time in seconds before the rate of the body of a request matters, at least 2.",
            options => options.Listener.RequestBodyGracePeriod,
            (options, value) => options with { Listener = options.Listener with { RequestBodyGracePeriod = TimeSpan.FromSeconds(Between(value, 2, 3600)) } }),
        new("event-loops", "BOOL",
            "Serve connections on one thread per processor that waits for all of them (epoll, Linux), which saves hand-overs between threads. false uses the sockets of .NET.",
            options => options.Listener.EventLoops,
            (options, value) => options with { Listener = options.Listener with { EventLoops = Bool(value) } })
            { IsSwitch = true },
        new("server-header", "BOOL", "Send a Server header in responses: that of the backend, else that of the proxy. false removes it.",
            options => options.Listener.ServerHeader,
            (options, value) => options with { Listener = options.Listener with { ServerHeader = Bool(value) } })
            { IsSwitch = true },
    ]);

    public static RunOptionGroup Upstream { get; } = new("Upstream",
    [
        new("proxy-connect-timeout", "SECONDS",
            "Time limit in seconds for a connection to an endpoint, TLS included. The response is 504 then. As the setting of this name.",
            options => SettingOptions.TextOf(options, "proxy-connect-timeout"),
            (options, value) => SettingOptions.Apply(options, value, "proxy-connect-timeout")),
        new("proxy-read-timeout", "SECONDS",
            "Time limit in seconds between two reads from an endpoint, WebSockets included. The response is 504 then; if it has "
            + "begun, it is cut. As the setting of this name.",
            options => SettingOptions.TextOf(options, "proxy-read-timeout"),
            (options, value) => SettingOptions.Apply(options, value, "proxy-read-timeout")),
        new("proxy-send-timeout", "SECONDS",
            "Time limit in seconds between two writes to an endpoint. The response is 504 then; if it has begun, it is cut. As the setting of this name.",
            options => SettingOptions.TextOf(options, "proxy-send-timeout"),
            (options, value) => SettingOptions.Apply(options, value, "proxy-send-timeout")),
        new("direct-forwarding", "BOOL",
            "Send requests of HTTP/1.1 over the controller's own connections. false sends them by the HTTP client of .NET, as all others.",
            options => options.Upstream.DirectForwarding,
            (options, value) => options with { Upstream = options.Upstream with { DirectForwarding = Bool(value) } })
            { IsSwitch = true },
        new("session-key-file", "FILE",
            "File with the key of session cookies (annotation affinity), at least 32 bytes. Sessions survive a restart, and hold on all replicas, "
            + "if it stays the same. Read at start.",
            options => options.SessionAffinity.KeyFile,
            (options, value) => options with { SessionAffinity = options.SessionAffinity with { KeyFile = value } })
            { Unset = "a random key" },
        new("allow-external-name-loopback", "BOOL", "Allow ExternalName Services that lead to loopback or link-local addresses.",
            options => options.Upstream.AllowExternalNameLoopback,
            (options, value) => options with
            {
                Upstream = options.Upstream with { AllowExternalNameLoopback = Bool(value) },
                Translation = options.Translation with { AllowExternalNameLoopback = Bool(value) },
            })
            { IsSwitch = true },
    ]);

    public static RunOptionGroup Status { get; } = new("Status and Events",
    [
        new("publish-service", "NAMESPACE/NAME", "Service whose addresses status.loadBalancer of the Ingresses shows.",
            options => options.Status.PublishService,
            (options, value) => options with { Status = options.Status with { PublishService = Name(value) } })
            { Unset = "the nodes of the replicas (--replicas-service)" },
        new("publish-status-address", "ADDRESS",
            "IP address or host name that status.loadBalancer of the Ingresses shows. Repeatable; takes precedence over --publish-service.",
            options => options.Status.PublishAddresses,
            (options, value) =>
                options with { Status = options.Status with { PublishAddresses = [.. options.Status.PublishAddresses, StatusAddress(value)] } })
            { IsRepeatable = true },
        new("update-status", "BOOL", "Let the leader write status.loadBalancer of the Ingresses.",
            options => options.Status.UpdateStatus,
            (options, value) => options with { Status = options.Status with { UpdateStatus = Bool(value) } })
            { IsSwitch = true },
        new("update-status-on-shutdown", "BOOL",
            "Let the last replica empty status.loadBalancer of the Ingresses when it ends. It needs --replicas-service to know that "
            + "it is the last.",
            options => options.Status.RemoveOnShutdown,
            (options, value) => options with { Status = options.Status with { RemoveOnShutdown = Bool(value) } })
            { IsSwitch = true },
        new("emit-events", "BOOL", "Let the leader report problems as Events of the objects.",
            options => options.Status.EmitEvents,
            (options, value) => options with { Status = options.Status with { EmitEvents = Bool(value) } })
            { IsSwitch = true },
    ]);

    public static RunOptionGroup LeaderElection { get; } = new("Leader election",
    [
        new("leader-elect", "BOOL", "Take part in the leader election. Only the leader writes status and Events.",
            options => options.LeaderElection.Enabled,
            (options, value) => options with { LeaderElection = options.LeaderElection with { Enabled = Bool(value) } })
            { IsSwitch = true },
        new("leader-elect-resource-name", "NAME", "Name of the Lease. Its namespace is POD_NAMESPACE, else that of the service account.",
            options => options.LeaderElection.LeaseName,
            (options, value) => options with { LeaderElection = options.LeaderElection with { LeaseName = ObjectName(value) } }),
        new("leader-elect-lease-duration", "SECONDS",
            "Time in seconds after the last renewal when another replica takes the lease. It must be longer than "
            + "--leader-elect-renew-deadline.",
            options => options.LeaderElection.LeaseDuration,
            (options, value) => options with { LeaderElection = options.LeaderElection with { LeaseDuration = Seconds(value) } }),
        new("leader-elect-renew-deadline", "SECONDS",
            "Time in seconds after which a leader that cannot renew the lease stops its tasks. It must be longer than 1.2 times "
            + "--leader-elect-retry-period.",
            options => options.LeaderElection.RenewDeadline,
            (options, value) => options with { LeaderElection = options.LeaderElection with { RenewDeadline = Seconds(value) } }),
        new("leader-elect-retry-period", "SECONDS", "Time in seconds between two attempts to acquire or renew the lease.",
            options => options.LeaderElection.RetryPeriod,
            (options, value) => options with { LeaderElection = options.LeaderElection with { RetryPeriod = Seconds(value) } }),
    ]);

    public static RunOptionGroup Shutdown { get; } = new("Shutdown",
    [
        new("shutdown-delay", "SECONDS",
            "Time in seconds after SIGTERM in which the replica is not ready and still serves, so that load balancers notice.",
            options => options.Shutdown.Delay,
            (options, value) => options with { Shutdown = options.Shutdown with { Delay = SecondsOrNone(value) } }),
        new("shutdown-grace-period", "SECONDS", "Time limit in seconds for requests in flight after the shutdown delay.",
            options => options.Shutdown.GracePeriod,
            (options, value) => options with { Shutdown = options.Shutdown with { GracePeriod = SecondsOrNone(value) } }),
    ]);

    public static RunOptionGroup Logging { get; } = new("Logging",
    [
        new("log-level", "LEVEL", "Lowest level that is logged: debug, information, warning or error.",
            options => options.LogLevel,
            (options, value) => options with { LogLevel = Level(value) }),
    ]);

    public static IReadOnlyList<RunOptionGroup> All { get; } = [Source, Ingress, Listener, OverloadOptionGroup.Group, Upstream, Status, LeaderElection, Shutdown, Logging];
}
