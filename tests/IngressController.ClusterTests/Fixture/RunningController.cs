using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Translation;
using IngressController.Sources;
using IngressController.Status;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.ClusterTests.Fixture;

/// <summary>The whole controller in this process, connected to the API server.</summary>
internal sealed class RunningController : IAsyncDisposable
{
    private readonly ControllerHost _host;

    private RunningController(ControllerHost host, LogRecorder log)
    {
        _host = host;
        Log = log;
        Client = new ProxyClient(() => host.HttpPort, () => host.HttpsPort);
        Admin = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{host.AdminPort}") };
    }

    public LogRecorder Log { get; }

    public ProxyClient Client { get; }

    public HttpClient Admin { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>The ConfigMaps in the store.</summary>
    public ImmutableDictionary<ResourceName, V1ConfigMap> ConfigMaps => Services.GetRequiredService<ClusterStore>().Snapshot.ConfigMaps;

    /// <summary>The statuses that it has written as the leader.</summary>
    public StatusMetrics Statuses => Services.GetRequiredService<StatusMetrics>();

    /// <param name="server">The API server.</param>
    /// <param name="user">The service account whose permissions the controller has.</param>
    /// <param name="namespaces">The watched namespaces; empty for all.</param>
    /// <param name="timings">The timings of its watches.</param>
    /// <param name="untilReady">True to wait until it is ready.</param>
    /// <param name="settings">The settings; null for the defaults.</param>
    /// <param name="leadsIn">The namespace of the Lease; null to take no part in the election.</param>
    /// <param name="through">The relay to the API server; null for a direct connection.</param>
    /// <param name="status">The status options.</param>
    public static async Task<RunningController> StartAsync(
        ApiServer server, string user = "controller", IReadOnlyList<string>? namespaces = null, ReflectorTimings? timings = null, bool untilReady = true, Gate? through = null,
        TranslationSettings? settings = null, StatusOptions? status = null, string? leadsIn = null)
    {
        server.RequireRunning();
        var options = new IngressOptions
        {
            Source = new SourceOptions { Kubeconfig = server.WriteKubeconfig(ServiceAccounts.TokenOf(user), through?.Address), WatchNamespaces = namespaces ?? [] },
            Translation = settings ?? new TranslationSettings(),
            Status = status ?? new StatusOptions(),
            Pod = new PodOptions { Namespace = leadsIn },
            Listener = new ListenerOptions { BindAddress = IPAddress.Loopback, HttpPort = 0, HttpsPort = 0, AdminPort = 0, InitialSyncTimeout = TimeSpan.Zero },
            Shutdown = new ShutdownOptions { Delay = TimeSpan.Zero },
        };
        var log = new LogRecorder();
        var host = ControllerHost.Create(
            options, logging => logging.ClearProviders().AddProvider(log).AddFilter("IngressController", LogLevel.Debug), timings: timings);
        await host.StartAsync(CancellationToken.None);
        var controller = new RunningController(host, log);
        if (untilReady)
            await controller.UntilReadyAsync();
        return controller;
    }

    public Task UntilReadyAsync() =>
        Wait.UntilAsync(async () => (await ReadyzAsync()).Status == HttpStatusCode.OK, "the controller is ready", Log.ToString);

    public async Task<(HttpStatusCode Status, string Text)> ReadyzAsync()
    {
        using var answer = await Admin.GetAsync("/readyz");
        return (answer.StatusCode, (await answer.Content.ReadAsStringAsync()).TrimEnd());
    }

    public async Task<bool> IsLeaderAsync() => (await Admin.GetFromJsonAsync<JsonObject>("/api/leader"))!["isLeader"]!.GetValue<bool>();

    /// <summary>Returns the diagnostics of a namespace as "name: code", in order.</summary>
    public async Task<string[]> DiagnosticsAsync(string @namespace)
    {
        var diagnostics = (await Admin.GetFromJsonAsync<JsonArray>("/api/diagnostics"))!;
        return
        [
            .. diagnostics.Where(diagnostic => diagnostic!["namespace"]!.GetValue<string>() == @namespace)
                .Select(diagnostic => $"{diagnostic!["name"]}: {diagnostic["code"]}").Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Completes when a request to the URL gets the answer.</summary>
    /// <param name="url">The URL; its host is one of the cluster, not of DNS.</param>
    /// <param name="answer">The status code and, for 200, the name of the backend: "200 a".</param>
    public Task UntilAnswerAsync(string url, string answer) => Client.UntilAnswerAsync(url, answer, Log.ToString);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await _host.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
    }
}
