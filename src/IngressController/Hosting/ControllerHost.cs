using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Exchanges;
using IngressController.Explain;
using IngressController.Forwarding;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Watching;
using IngressController.Leadership;
using IngressController.Listeners;
using IngressController.Logging;
using IngressController.Metrics;
using IngressController.Overload;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Reconciliation;
using IngressController.Routing.Translation;
using IngressController.Shutdown;
using IngressController.Sources;
using IngressController.Sources.Folder;
using IngressController.Sources.Kubernetes;
using IngressController.Tls;
using IngressController.Upstream;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace IngressController.Hosting;

/// <summary>The host of the controller, with all its services.</summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ControllerHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    /// <summary>The port that serves HTTP, after the start.</summary>
    public int HttpPort => _app.BoundPort("http");

    /// <summary>The port that serves HTTPS, after the start.</summary>
    public int HttpsPort => _app.BoundPort("https");

    public int AdminPort => Services.GetRequiredService<AdminServer>().Port;

    public static ControllerHost Create(
        IngressOptions options, Action<ILoggingBuilder>? logging = null, TimeProvider? time = null, ReflectorTimings? timings = null,
        Random? random = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ConfigureLogging(builder.Logging, options.LogLevel);
        logging?.Invoke(builder.Logging);

        var services = builder.Services;
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(random ?? Random.Shared);
        services.AddSingleton(options.Listener);
        services.AddSingleton(options.Overload);
        services.AddSingleton(options.Upstream);
        services.AddSingleton(options.SessionAffinity);
        services.AddSingleton(options.Translation);
        services.AddSingleton(options.Shutdown);
        AddSource(services, options, timings);
        AddDataPlane(services);
        AddAdmin(services);
        services.AddLeadership(options, timings);
        builder.UseProxyListeners(options.Listener, options.Overload);
        // The drain has its own time limits. The rest of the shutdown must fit into the 10 s that the chart's grace period adds to them.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Shutdown.Delay + options.Shutdown.GracePeriod + TimeSpan.FromSeconds(8));

        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<RequestPipeline>().InvokeAsync);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<LeaderState>().Resign);
        return new ControllerHost(app);
    }

    public Task StartAsync(CancellationToken cancellation) => _app.StartAsync(cancellation);

    /// <summary>Completes when the first revision is live.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation) => Services.GetRequiredService<LiveRevision>().First.WaitAsync(cancellation);

    /// <summary>Skips the shutdown delay, for a shutdown from a terminal.</summary>
    public void SkipShutdownDelay() => Services.GetRequiredService<Drain>().SkipDelay();

    public Task StopAsync(CancellationToken cancellation)
    {
        // Before the drain, so that the leader resigns at once and another replica leads meanwhile.
        _app.Lifetime.StopApplication();
        return _app.StopAsync(cancellation);
    }

    /// <summary>Completes when the token is cancelled, or when a failed service stops the host.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _app.Lifetime.ApplicationStopping);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void ConfigureLogging(ILoggingBuilder logging, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // A slow reader of the log must never delay requests; the console logs the number of dropped lines.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        // Their informational lines are written for each request or start and need no action by an operator.
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning);
        // As long as one level of it is enabled, an activity and a scope are created for each request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // The proxy itself logs errors of clients and backends, once.
        logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error);
        logging.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(provider => new LimitedLoggerFactory(
            new LoggerFactory(provider.GetServices<ILoggerProvider>(), provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>()),
            provider.GetRequiredService<TimeProvider>())));
    }

    private static void AddSource(IServiceCollection services, IngressOptions options, ReflectorTimings? timings)
    {
        services.AddSingleton<ClusterStore>();
        services.AddSingleton<SourceLog>();
        services.AddMetrics<WatchMetrics>();
        services.AddSingleton(provider => new ApiServerConnection(
            ApiServerConfiguration.BuildDefaultConfig(options.Source.Kubeconfig, options.Source.Context),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<SourceLog>().OnNotice));
        services.AddSingleton<IClusterSource>(provider => options.Source.Manifests is { } folder
            ? new FolderClusterSource(
                folder, options.Translation, provider.GetRequiredService<ClusterStore>(),
                provider.GetRequiredService<ILogger<FolderClusterSource>>(), provider.GetRequiredService<TimeProvider>())
            : new KubernetesClusterSource(
                provider.GetRequiredService<ApiServerConnection>(), options, provider.GetRequiredService<ClusterStore>(), provider.GetRequiredService<WatchMetrics>(),
                provider.GetRequiredService<SourceLog>(), provider.GetRequiredService<TimeProvider>(), timings));
    }

    private static void AddDataPlane(IServiceCollection services)
    {
        services.AddHttpForwarder();
        services.AddSingleton<Drain>();
        services.AddSingleton<ClientConnections>();
        services.AddOverload();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<OpenWebSockets>();
        services.AddMetrics<ExchangeMetrics>();
        services.AddMetrics<RequestMetrics>();
        services.AddMetrics<ReconcileMetrics>();
        services.AddSingleton<ResolveName>(System.Net.Dns.GetHostAddressesAsync);
        services.AddSingleton<UpstreamClients>();
        services.AddSingleton<CertificateStore>();
        services.AddSingleton(provider => new RevisionBuilder(
            provider.GetRequiredService<UpstreamClients>(), provider.GetRequiredService<CertificateStore>(), provider.GetRequiredService<RequestMetrics>(), provider));
        services.AddSingleton(provider => new LiveRevision(
            provider.GetRequiredService<RevisionBuilder>().Initial(provider.GetRequiredService<TranslationSettings>())));
        PipelineOrder.AddServices(services);
        services.AddSingleton<CutResponse>();
        services.AddSingleton<ForwardTransformer>();
        services.AddSingleton<LocalReplies>();
        services.AddSingleton<MalformedRequests>();
        services.AddSingleton<Http1Forwarder>();
        services.AddSingleton<EndpointSender>();
        services.AddSingleton<RequestForwarder>();
        services.AddSingleton<RequestPipeline>();
    }

    /// <summary>
    /// Adds the hosted services. They start in this order, the proxy's own listener after them, and stop in reverse after
    /// <see cref="DrainService"/> has drained the last request.
    /// </summary>
    private static void AddAdmin(IServiceCollection services)
    {
        services.AddSingleton<HealthState>();
        services.AddSingleton<LiveState>();
        services.AddMetrics<ShutdownMetrics>();
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<Explainer>();
        services.AddSingleton<AdminServer>();
        services.AddSingleton<ReconcileLoop>();
        // First, so that probes are answered while everything else starts.
        services.AddHostedService(provider => provider.GetRequiredService<AdminServer>());
        // The loop before its source, so that it waits for the first snapshot.
        services.AddHostedService(provider => provider.GetRequiredService<ReconcileLoop>());
        services.AddHostedService<SourceRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<OverloadMonitor>());
        services.AddHostedService<DrainService>();
        services.AddHostedService<StallWatch>();
        services.AddHostedService<ListenerGate>();
        services.AddSingleton<IHostLifetime, NoSignals>();
    }
}
