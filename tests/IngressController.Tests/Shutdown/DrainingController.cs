using IngressController.Configuration;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Shutdown;

/// <summary>A controller with one backend and a manual clock: the test ends the shutdown delay and the grace period.</summary>
internal sealed class DrainingController : IAsyncDisposable
{
    public const string Host = "app.example";

    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private readonly ManualTimeProvider _clock;
    private readonly TestController _controller;
    private readonly HttpClient _admin;

    private DrainingController(ManualTimeProvider clock, TestController controller)
    {
        _clock = clock;
        _controller = controller;
        _admin = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{controller.AdminPort}") };
    }

    public TestController Controller => _controller;

    public int HttpPort { get; private init; }

    public int HttpsPort { get; private init; }

    public HttpClient Admin => _admin;

    public static async Task<DrainingController> StartAsync(int backendPort)
    {
        var clock = new ManualTimeProvider();
        var controller = await TestController.StartAsync(
            Manifests.Service("app", [backendPort]) + Manifests.Ingress("app", Host, "app"),
            options => options with
            {
                Shutdown = new ShutdownOptions { Delay = Delay, GracePeriod = Grace },
                Upstream = options.Upstream with { ReadTimeout = TimeSpan.FromHours(2) },
            },
            clock);
        return new DrainingController(clock, controller) { HttpPort = controller.HttpPort, HttpsPort = controller.HttpsPort };
    }

    /// <summary>Begins the shutdown and returns when the controller is not ready. The result completes after the shutdown.</summary>
    public async Task<Task> BeginAsync()
    {
        var stopping = Task.Run(_controller.StopAsync);
        await UntilAsync(async () => (await ReadyzAsync()).Status == 503, "it is not ready");
        return stopping;
    }

    /// <summary>Ends the delay and returns when the ports are closed.</summary>
    public async Task EndDelayAsync()
    {
        // The timer of the delay starts a moment after the process is no longer ready.
        var isFirst = true;
        await UntilAsync(
            async () =>
            {
                if (isFirst || !await IsRefusedAsync())
                    _clock.Advance(isFirst ? Delay : TimeSpan.FromSeconds(1));
                isFirst = false;
                return await IsRefusedAsync();
            },
            "it does not listen");
    }

    /// <summary>Ends the grace period.</summary>
    public void EndGracePeriod() => _clock.Advance(Grace);

    /// <summary>Waits for the end of the shutdown while a few seconds of the grace period pass.</summary>
    public async Task UntilEndedAsync(Task stopping)
    {
        for (var seconds = 0; seconds < 20 && !stopping.IsCompleted; seconds++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(stopping, Task.Delay(500));
        }

        Assert.True(stopping.IsCompleted, "it has not ended within 20 s");
        await stopping;
    }

    public async Task<(int Status, string Text)> ReadyzAsync()
    {
        using var answer = await _admin.GetAsync("/readyz");
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _controller.DisposeAsync();
    }

    /// <summary>Polls until a condition is true.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string description)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"not within 15 s: {description}");
            await Task.Delay(5);
        }
    }

    private async Task<bool> IsRefusedAsync()
    {
        try
        {
            await using var connection = await WireConnection.ConnectAsync(HttpPort);
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }
}
