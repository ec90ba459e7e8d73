using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Leasing;
using IngressController.Leadership;
using IngressController.Pipeline;
using IngressController.Reconciliation;
using IngressController.Sources;
using IngressController.Status;
using IngressController.Tests.Fakes;
using IngressController.Tests.FullStack;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Status;

/// <summary>
/// The status writer of a complete controller with a fake API server. Both use a clock that advances only while the test waits. No listener
/// is started.
/// </summary>
internal sealed class StatusRun : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _runs = [];
    private CancellationTokenSource _lead = new();
    private Task _leading = Task.CompletedTask;
    private ControllerHost _host = null!;
    private StatusWriter _writer = null!;

    public const string IngressClass = """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: yarp}
        spec: {controller: yarp.ingress.kubernetes.io/controller}
        """;

    private StatusRun(FakeApiServer server) => Server = server;

    public FakeApiServer Server { get; }

    public ManualTimeProvider Time { get; } = new();

    /// <summary>
    /// The step of the clock. It must be small where a time limit begins with an event of the server, which takes real time to arrive.
    /// </summary>
    public TimeSpan Step { get; set; } = TimeSpan.FromMilliseconds(200);

    public LogRecorder Log { get; } = new();

    private LeaderState Leader => _host.Services.GetRequiredService<LeaderState>();

    /// <summary>The attempts to write a status, as "name code".</summary>
    public string[] Writes => [.. Server.Requests.Where(request => request.Method == "PATCH").Select(request => $"{request.Name} {request.StatusCode}")];

    public StatusMetrics Metrics => _host.Services.GetRequiredService<StatusMetrics>();

    public ReconcileMetrics Revisions => _host.Services.GetRequiredService<ReconcileMetrics>();

    public LiveRevision Live => _host.Services.GetRequiredService<LiveRevision>();

    public ReconcileLoop Reconcile => _host.Services.GetRequiredService<ReconcileLoop>();

    public ClusterStore Store => _host.Services.GetRequiredService<ClusterStore>();

    /// <summary>Starts a controller with its source and its reconcile loop, and by default as the leader.</summary>
    public static async Task<StatusRun> StartAsync(Action<FakeApiServer>? arrange = null, Func<IngressOptions, IngressOptions>? configure = null, bool leads = true)
    {
        var run = new StatusRun(await FakeApiServer.CreateAsync());
        run.Server.Upsert(IngressClass);
        arrange?.Invoke(run.Server);
        await run.StartControllerAsync(configure ?? (options => options));
        if (leads)
            run.Lead();
        return run;
    }

    public static string Ingress(string name, string ingressClass = "yarp", string metadata = "") => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: {{name}}, namespace: apps{{metadata}} }
        spec:
          ingressClassName: {{ingressClass}}
          rules: [{host: {{name}}.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80} } } }]} }]
        """;

    public static string PublishService(string ip) => $$"""
        {apiVersion: v1, kind: Service, metadata: {name: proxy, namespace: ingress}, spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: {{ip}} }]} } }
        """;

    /// <summary>Sets whether the lease is held. The token of the leader tasks is cancelled only later.</summary>
    public void HoldLease(bool isHeld)
    {
        if (isHeld)
            Leader.BeginTerm(new LeaderTerm(Time.GetTimestamp(), TimeSpan.FromDays(1), Time));
        else
            Leader.EndTerm();
    }

    public void Lead()
    {
        _lead = new CancellationTokenSource();
        _leading = _writer.RunAsync(_lead.Token);
    }

    /// <summary>Ends the term and completes when the writer has ended.</summary>
    public async Task LoseAsync()
    {
        await _lead.CancelAsync();
        await _leading.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>Runs the last step of the writer while the clock advances. The callback gets the elapsed time before each step.</summary>
    public async Task FinishAsync(Action<TimeSpan>? onStep = null)
    {
        var (started, finishing) = (Time.GetUtcNow(), _writer.FinishAsync(CancellationToken.None));
        for (var start = System.Diagnostics.Stopwatch.GetTimestamp(); !finishing.IsCompleted;)
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "it finishes");
            onStep?.Invoke(Time.GetUtcNow() - started);
            await StepAsync(Step);
        }

        await finishing;
    }

    public string StatusOf(string ingress) => Server.StatusOf("Ingress", "apps", ingress);

    public Task UntilStatusAsync(string ingress, string status) => UntilAsync(() => StatusOf(ingress) == status, $"{ingress} shows {status}");

    /// <summary>Completes after a number of successful writes when nothing is left to write.</summary>
    public Task UntilRestAsync(int written) => UntilAsync(() => Metrics.Of("written") == written && Metrics.Pending == 0, $"{written} are written");

    /// <summary>Advances the clock until the condition is true.</summary>
    public async Task UntilAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string description = "")
    {
        for (var start = System.Diagnostics.Stopwatch.GetTimestamp(); !condition();)
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(15))
                Assert.Fail($"not true: {description}; writes: {string.Join(", ", Writes)}; log:\n{Log}");
            await StepAsync(Step);
        }
    }

    /// <summary>Advances the clock by a duration, in longer steps if it is long.</summary>
    public async Task PassAsync(TimeSpan duration)
    {
        var step = duration > TimeSpan.FromSeconds(30) ? Step * 5 : Step;
        for (var end = Time.GetUtcNow() + duration; Time.GetUtcNow() < end;)
            await StepAsync(step);
    }

    public async ValueTask DisposeAsync()
    {
        await LoseAsync();
        await StopControllerAsync();
        await Server.DisposeAsync();
        _folder.Dispose();
        _stop.Dispose();
        _lead.Dispose();
    }

    /// <summary>Advances the clock by a step, and gives the woken tasks and their requests real time.</summary>
    private async Task StepAsync(TimeSpan step)
    {
        Time.Advance(step);
        await Task.Delay(4);
    }

    private async Task StartControllerAsync(Func<IngressOptions, IngressOptions> configure)
    {
        var kubeconfig = Path.Combine(_folder.Path, "kubeconfig");
        Server.WriteKubeconfig(kubeconfig);
        var options = configure(new IngressOptions
        {
            Source = new SourceOptions { Kubeconfig = kubeconfig },
            Status = new StatusOptions { PublishAddresses = ["203.0.113.9"] },
        });
        _host = ControllerHost.Create(options, logging => logging.ClearProviders().AddProvider(Log).AddFilter("IngressController", LogLevel.Debug), Time);
        var services = _host.Services;
        _writer = services.GetServices<ILeaderTask>().OfType<StatusWriter>().Single();
        HoldLease(true);
        await Reconcile.StartAsync(_stop.Token);
        _runs.Add(services.GetRequiredService<IClusterSource>().RunAsync(_stop.Token));
        await UntilAsync(() => Live.First.IsCompleted);
    }

    private async Task StopControllerAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_runs).WaitAsync(TimeSpan.FromSeconds(20));
        await Reconcile.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
    }
}
