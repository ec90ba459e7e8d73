using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Hosting;
using IngressController.Kubernetes.Watching;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using IngressController.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.FullStack;

/// <summary>A fake API server with faults, a complete controller connected to it, and two backends: the Services a and b.</summary>
internal sealed class TestStack : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly EchoPod[] Pods = [new("a", "a-1"), new("b", "b-1")];

    private readonly EchoBackend _backend;
    private readonly TemporaryDirectory _folder = new();
    private ControllerHost? _host;
    private HttpClient? _client;
    private HttpClient? _admin;

    private TestStack(FakeApiServer server, EchoBackend backend)
    {
        Server = server;
        _backend = backend;
    }

    public FakeApiServer Server { get; }

    public LogRecorder Log { get; } = new();

    /// <summary>The namespace of the controller's Pod; null for outside a cluster.</summary>
    public string? PodNamespace { get; set; }

    public LeaderElectionOptions Election { get; set; } = new();

    /// <summary>The listener options. By default the ports open at once, so that tests see the responses while it is not ready.</summary>
    public ListenerOptions Listener { get; set; } = new()
    {
        BindAddress = IPAddress.Loopback,
        HttpPort = 0,
        HttpsPort = 0,
        AdminPort = 0,
        InitialSyncTimeout = TimeSpan.Zero,
    };

    public string Kubeconfig => Path.Combine(_folder.Path, "kubeconfig");

    public int HttpPort => _host!.HttpPort;

    /// <summary>The live translation.</summary>
    public Translation Live => _host!.Services.GetRequiredService<LiveRevision>().Current.Translation;

    /// <summary>The current snapshot of the store.</summary>
    public ClusterSnapshot Snapshot => _host!.Services.GetRequiredService<ClusterStore>().Snapshot;

    /// <summary>Number of revisions that have become live.</summary>
    public long Revision => _host!.Services.GetRequiredService<ReconcileMetrics>().Revision;

    /// <summary>Starts a controller that is ready and routes the host app.example to the Service a.</summary>
    public static async Task<TestStack> StartAsync(Action<FakeApiServer>? arrange = null, ReflectorTimings? timings = null)
    {
        var stack = await CreateAsync(https: true);
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "a"));
        arrange?.Invoke(stack.Server);
        await stack.StartControllerAsync(timings);
        await stack.UntilReadyAsync();
        await stack.UntilAnswerAsync("app.example", "a");
        return stack;
    }

    /// <summary>Creates an API server with the IngressClass and the two Services, without a controller.</summary>
    public static async Task<TestStack> CreateAsync(bool https = false)
    {
        var stack = new TestStack(await FakeApiServer.CreateAsync(https), await EchoBackend.StartAsync(Pods, CancellationToken.None));
        stack.Server.Upsert("""
            apiVersion: networking.k8s.io/v1
            kind: IngressClass
            metadata: {name: yarp}
            spec: {controller: yarp.ingress.kubernetes.io/controller}
            """);
        foreach (var pod in Pods)
            stack.Server.Upsert(Manifests.Service(pod.Service, [stack.Port(pod.Service)]));
        stack.Server.WriteKubeconfig(stack.Kubeconfig);
        return stack;
    }

    public int Port(string service) => _backend.Ports[Pods.Single(pod => pod.Service == service)];

    /// <param name="timings">The timings of the watches; null for fast ones.</param>
    /// <param name="settings">The settings; null for the defaults.</param>
    /// <param name="namespaces">The watched namespaces; none for all.</param>
    public Task StartControllerAsync(ReflectorTimings? timings = null, TranslationSettings? settings = null, params string[] namespaces) =>
        StartControllerAsync(timings, settings, CancellationToken.None, namespaces);

    public async Task StartControllerAsync(ReflectorTimings? timings, TranslationSettings? settings, CancellationToken cancellation, params string[] namespaces)
    {
        var options = new IngressOptions
        {
            Source = new SourceOptions { Kubeconfig = Kubeconfig, WatchNamespaces = namespaces },
            Translation = settings ?? new TranslationSettings(),
            Pod = new PodOptions { Namespace = PodNamespace },
            LeaderElection = Election,
            Listener = Listener,
            Shutdown = new ShutdownOptions { Delay = TimeSpan.Zero },
        };
        _host = ControllerHost.Create(
            options, logging => logging.ClearProviders().AddProvider(Log).AddFilter("IngressController", LogLevel.Debug),
            timings: timings ?? ReflectorRun.Fast);
        await _host.StartAsync(cancellation);
        _admin = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_host.AdminPort}") };
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, _host.HttpPort, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    /// <summary>Returns the Service that responds, or the status code.</summary>
    public async Task<string> AnswerAsync(string host)
    {
        using var answer = await _client!.GetAsync($"http://{host}/");
        return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<Echo>())!.Service : $"{(int)answer.StatusCode}";
    }

    public Task UntilAnswerAsync(string host, string answer) =>
        UntilAsync(async () => await AnswerAsync(host) is var now && now == answer ? null : $"{host} answers {now}, not {answer}");

    public async Task<string> ReadyzAsync() => (await (await _admin!.GetAsync("/readyz")).Content.ReadAsStringAsync()).TrimEnd();

    public Task<string> AdminAsync(string path) => _admin!.GetStringAsync(path);

    public Task StopControllerAsync() => _host!.StopAsync(CancellationToken.None);

    public Task UntilReadyzAsync(Func<string, bool> condition) =>
        UntilAsync(async () => await ReadyzAsync() is var now && condition(now) ? null : $"readyz says {now}");

    public Task UntilReadyAsync() => UntilReadyzAsync(text => text == "ok");

    /// <summary>Returns the diagnostics as "Kind name: code".</summary>
    public async Task<string[]> DiagnosticsAsync() =>
    [
        .. (await _admin!.GetFromJsonAsync<JsonArray>("/api/diagnostics"))!
            .Select(diagnostic => $"{diagnostic!["kind"]} {diagnostic["name"]}: {diagnostic["code"]}"),
    ];

    public Task UntilDiagnosticsAsync(params string[] expected) => UntilAsync(async () =>
        await DiagnosticsAsync() is var now && now.SequenceEqual(expected) ? null : $"diagnostics are {string.Join("; ", now)}");

    /// <summary>Completes when the condition is true. It is checked after each revision and periodically.</summary>
    public Task UntilAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string text = "") =>
        UntilAsync(() => Task.FromResult(condition() ? null : $"not true: {text}"));

    /// <summary>Completes when a number of lines, debug lines included, contain the text.</summary>
    public Task UntilLoggedAsync(string text, int times = 1) => UntilAsync(() => Task.FromResult(
        Log.ToString().Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal)) >= times ? null : $"\"{text}\" is not logged {times} times"));

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _admin?.Dispose();
        if (_host is not null)
        {
            await _host.StopAsync(CancellationToken.None);
            await _host.DisposeAsync();
        }

        await Server.DisposeAsync();
        await _backend.DisposeAsync();
        _folder.Dispose();
    }

    /// <param name="difference">
    /// Returns the difference from the expected state; null for none. It is called after each revision and periodically.
    /// </param>
    public async Task UntilAsync(Func<Task<string?>> difference)
    {
        using var limit = new CancellationTokenSource(Limit);
        var live = _host!.Services.GetRequiredService<LiveRevision>();
        while (true)
        {
            var next = live.Next;
            if (await difference() is not { } reason)
                return;
            if (limit.IsCancellationRequested)
                Assert.Fail($"{reason}; log:\n{Log}");
            await Task.WhenAny(next, Task.Delay(20));
        }
    }
}
