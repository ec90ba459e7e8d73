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
/// The status writer of a whole controller against a fake API server, both on a clock that moves only while something is waited for.
/// No listener is started.
/// </summary>
internal sealed class StatusRun : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _parts = [];
    private CancellationTokenSource _lead = new();
    private Task _leading = Task.CompletedTask;
    private ControllerHost _host = null!;
    private StatusWriter _writer = null!;

    public const string OurClass = """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: yarp}
        spec: {controller: yarp.ingress.kubernetes.io/controller}
        """;

    private StatusRun(FakeApiServer server) => Server = server;

    public FakeApiServer Server { get; }

    public ManualTimeProvider Time { get; } = new();

    /// <summary>How far the clock moves at a time. Where a limit counts that begins with what the server tells, in small steps: it takes real time to tell it.</summary>
    public TimeSpan Step { get; set; } = TimeSpan.FromMilliseconds(200);

    public LogRecorder Log { get; } = new();

    private LeaderState Leader => _host.Services.GetRequiredService<LeaderState>();

    /// <summary>The statuses that were tried to be written, as "name code".</summary>
    public string[] Writes => [.. Server.Requests.Where(request => request.Method == "PATCH").Select(request => $"{request.Name} {request.StatusCode}")];

    public StatusMetrics Metrics => _host.Services.GetRequiredService<StatusMetrics>();

    public ReconcileMetrics Revisions => _host.Services.GetRequiredService<ReconcileMetrics>();

    public LiveRevision Live => _host.Services.GetRequiredService<LiveRevision>();

    public ReconcileLoop Reconcile => _host.Services.GetRequiredService<ReconcileLoop>();

    public ClusterStore Store => _host.Services.GetRequiredService<ClusterStore>();

    /// <summary>A controller whose source and loop run; it leads unless it is told not to.</summary>
    public static async Task<StatusRun> StartAsync(Action<FakeApiServer>? arrange = null, Func<IngressOptions, IngressOptions>? configure = null, bool leads = true)
    {
        var run = new StatusRun(await FakeApiServer.CreateAsync());
        run.Server.Upsert(OurClass);
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

    /// <summary>Whether the lease is held, which the works are told by their token only somewhat later.</summary>
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

    /// <summary>The lease is lost; completes when the work has ended.</summary>
    public async Task LoseAsync()
    {
        await _lead.CancelAsync();
        await _leading.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The last work; the clock moves on meanwhile, and each step is told how long it has taken so far.</summary>
    public async Task FinishAsync(Action<TimeSpan>? meanwhile = null)
    {
        var (started, finishing) = (Time.GetUtcNow(), _writer.FinishAsync(CancellationToken.None));
        for (var start = System.Diagnostics.Stopwatch.GetTimestamp(); !finishing.IsCompleted;)
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "it finishes");
            meanwhile?.Invoke(Time.GetUtcNow() - started);
            await StepAsync(Step);
        }

        await finishing;
    }

    public string StatusOf(string ingress) => Server.StatusOf("Ingress", "apps", ingress);

    public Task UntilStatusAsync(string ingress, string status) => UntilAsync(() => StatusOf(ingress) == status, $"{ingress} shows {status}");

    /// <summary>Completes when the writer has had the answers to so many writes, and has nothing left to write.</summary>
    public Task UntilRestAsync(int written) => UntilAsync(() => Metrics.Of("written") == written && Metrics.Pending == 0, $"{written} are written");

    /// <summary>Completes when it holds; the clock moves on meanwhile.</summary>
    public async Task UntilAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "")
    {
        for (var start = System.Diagnostics.Stopwatch.GetTimestamp(); !condition();)
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(15))
                Assert.Fail($"not so: {what}; writes: {string.Join(", ", Writes)}; log:\n{Log}");
            await StepAsync(Step);
        }
    }

    /// <summary>Lets so much time pass; in longer steps where it is much.</summary>
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

    /// <summary>A step of the clock, and the time that those need whom it woke, and what they sent.</summary>
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
        _parts.Add(services.GetRequiredService<IClusterSource>().RunAsync(_stop.Token));
        await UntilAsync(() => Live.First.IsCompleted);
    }

    private async Task StopControllerAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_parts).WaitAsync(TimeSpan.FromSeconds(20));
        await Reconcile.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
    }
}
