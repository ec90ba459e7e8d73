using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Events;
using IngressController.Explain;
using IngressController.Features.Authentication;
using IngressController.Features.Headers;
using IngressController.Features.RateLimiting;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Observability;
using IngressController.Proxy;
using IngressController.Reconciliation;
using IngressController.Sources;
using IngressController.Sources.Folder;
using IngressController.Sources.Kubernetes;
using IngressController.Status;
using IngressController.Tls;
using Microsoft.Extensions.Logging.Console;

namespace IngressController.Hosting;

/// <summary>The whole controller in one process: how its parts are put together.</summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ControllerHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    /// <summary>The port that serves HTTP, once started.</summary>
    public int HttpPort => _app.BoundPort("http");

    /// <summary>The port that serves HTTPS, once started.</summary>
    public int HttpsPort => _app.BoundPort("https");

    public int AdminPort => Services.GetRequiredService<AdminServer>().Port;

    public static ControllerHost Create(
        IngressOptions options, Action<ILoggingBuilder>? logging = null, TimeProvider? time = null, ReflectorTimings? timings = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ConfigureLogging(builder.Logging);
        logging?.Invoke(builder.Logging);

        var services = builder.Services;
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(options.Listener);
        services.AddSingleton(options.Upstream);
        services.AddSingleton(options.Translation);
        AddSource(services, options, timings);
        AddLeaderWork(services, options, timings);
        AddDataPlane(services);
        AddEvents(services, options);
        AddAdmin(services);
        AddLeadership(services, options);
        builder.UseProxyListeners(options.Listener);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));

        var app = builder.Build();
        app.Services.GetRequiredService<RequestPipeline>().Configure(app);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<LeaderState>().Resign);
        return new ControllerHost(app);
    }

    public Task StartAsync(CancellationToken cancellation) => _app.StartAsync(cancellation);

    /// <summary>Completes when the first revision is live.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation) => Services.GetRequiredService<ReconcileLoop>().FirstRevision.WaitAsync(cancellation);

    /// <summary>Ends it. The lease goes first, so that another replica leads while this one still serves what is left.</summary>
    public Task StopAsync(CancellationToken cancellation)
    {
        Services.GetRequiredService<LeaderState>().Resign();
        return _app.StopAsync(cancellation);
    }

    public Task WaitForShutdownAsync(CancellationToken cancellation) => _app.WaitForShutdownAsync(cancellation);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void ConfigureLogging(ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // A slow reader of the log must never hold up requests; the console says how many lines were dropped.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        // Their informational lines come with each request or each start and say nothing an operator would act on.
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning);
        // What a client does wrong and what a backend fails at is reported by the proxy itself, once.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error);
    }

    private static void AddSource(IServiceCollection services, IngressOptions options, ReflectorTimings? timings)
    {
        services.AddSingleton<ClusterStore>();
        services.AddSingleton<SourceLog>();
        services.AddSingleton<WatchMetrics>();
        services.AddSingleton(provider => new KubernetesClient(
            KubernetesClientConfiguration.BuildDefaultConfig(options.Source.Kubeconfig, options.Source.Context),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<SourceLog>().Notice));
        services.AddSingleton<IClusterSource>(provider => options.Source.Manifests is { } folder
            ? new FolderClusterSource(
                folder, options.Translation, provider.GetRequiredService<ClusterStore>(),
                provider.GetRequiredService<ILogger<FolderClusterSource>>(), provider.GetRequiredService<TimeProvider>())
            : new KubernetesClusterSource(
                provider.GetRequiredService<KubernetesClient>(), options, provider.GetRequiredService<ClusterStore>(), provider.GetRequiredService<WatchMetrics>(),
                provider.GetRequiredService<SourceLog>(), provider.GetRequiredService<TimeProvider>(), timings));
    }

    /// <summary>What the leader writes back to the cluster; there is nobody to write to where a folder is served.</summary>
    private static void AddLeaderWork(IServiceCollection services, IngressOptions options, ReflectorTimings? timings)
    {
        services.AddSingleton<StatusMetrics>();
        if (options.Source.Manifests is not null)
            return;
        if (options.Status.UpdateStatus)
        {
            services.AddSingleton<NodeAddresses>();
            services.AddSingleton<StatusClient>();
            services.AddSingleton(options);
            services.AddSingleton(timings ?? new ReflectorTimings());
            services.AddSingleton<StatusTargets>();
            services.AddSingleton<ILeaderWork, StatusWriter>();
        }
    }

    private static void AddDataPlane(IServiceCollection services)
    {
        services.AddHttpForwarder();
        services.AddSingleton<RequestMetrics>();
        services.AddSingleton<ReconcileMetrics>();
        services.AddSingleton<ResolveName>(System.Net.Dns.GetHostAddressesAsync);
        services.AddSingleton<UpstreamClients>();
        services.AddSingleton<LiveHosts>();
        services.AddSingleton<ReplicaCount>();
        services.AddSingleton(provider => new RateLimiterStore(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ReplicaCount>()));
        services.AddSingleton<RateLimitMetrics>();
        services.AddSingleton<GlobalState>();
        services.AddSingleton<GlobalHeaders>();
        services.AddSingleton(provider => new BasicAuthenticator(
            new BasicAuthenticationOptions(), provider.GetRequiredService<TimeProvider>(), PasswordVerifier.Verify));
        services.AddSingleton<ExternalAuthenticator>();
        services.AddSingleton<StepServices>();
        services.AddSingleton<RoutingState>();
        services.AddSingleton<CertificateStore>();
        services.AddSingleton<ForwardTransformer>();
        services.AddSingleton<OwnAnswers>();
        services.AddSingleton<RequestForwarder>();
        services.AddSingleton<RequestPipeline>();
    }

    /// <summary>Events are of the leader, and of clusters that have an API server.</summary>
    private static void AddEvents(IServiceCollection services, IngressOptions options)
    {
        services.AddSingleton<EventMetrics>();
        if (options.Source.Manifests is not null || !options.Status.EmitEvents)
            return;
        services.AddSingleton(new EventReporterIdentity(options.Translation.ControllerClass, options.Pod.Name));
        services.AddSingleton<EventWriter>();
        services.AddSingleton<ILeaderWork, EventReporter>();
    }

    /// <summary>Hosted services start in this order, the proxy's own listener after them; they stop in reverse.</summary>
    private static void AddAdmin(IServiceCollection services)
    {
        services.AddSingleton<HealthState>();
        services.AddSingleton<LiveState>();
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<Explainer>();
        services.AddSingleton<AdminServer>();
        services.AddSingleton<ReconcileLoop>();
        // First, so that probes are answered while everything else comes up.
        services.AddHostedService(provider => provider.GetRequiredService<AdminServer>());
        // The loop before its source, so that the first snapshot finds it waiting.
        services.AddHostedService(provider => provider.GetRequiredService<ReconcileLoop>());
        services.AddHostedService<SourceRunner>();
    }

    /// <summary>After the source, which its works need until they have ended.</summary>
    private static void AddLeadership(IServiceCollection services, IngressOptions options)
    {
        services.AddSingleton<LeaderMetrics>();
        services.AddSingleton(provider => new LeaderState(
            $"{options.Pod.Name}_{Guid.NewGuid()}", provider.GetRequiredService<SourceLog>(), provider.GetRequiredService<LeaderMetrics>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new LeaderClient(provider.GetRequiredService<KubernetesClient>(), provider.GetRequiredService<LeaderState>().RequireLeader));
        services.AddSingleton<LeaderWorks>();
        // A folder has nobody to write to.
        if (options.Source.Manifests is null)
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<LeaderElectionService>(provider, options));
    }
}
