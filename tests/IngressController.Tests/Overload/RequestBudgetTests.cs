using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

/// <summary>Requests over the budgets of the process are refused, and those that their client does not take end first.</summary>
public sealed class RequestBudgetTests : IAsyncLifetime
{
    private const string Host = "app.example";

    private readonly TaskCompletionSource _release = new();
    private WireBackend _backend = null!;
    private TestController? _controller;

    private TestController Controller => _controller!;

    public Task InitializeAsync()
    {
        // What is asked for at /hold is answered when the test says so.
        _backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/hold")
                    await _release.Task;
                await connection.SendAsync(WireBackend.Ok(request.Target == "/large" ? new string('x', 20_000) : "small"));
            }
        });
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await Controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task Request_over_the_budget_is_answered_503_until_another_has_ended()
    {
        await StartAsync(new() { MaxRequests = 2 });
        await using var first = await HoldAsync();
        await using var second = await HoldAsync();
        await UntilUsedAsync(2);

        var refused = await GetAsync();
        await using var http2 = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        await http2.GetAsync(1, Host);
        // Without a body, so that it ends whatever the window is.
        var frames = await http2.ReadToEndOfAsync(1);

        Assert.Equal((503, "5", "503 Service Unavailable: the proxy is overloaded\n"), (refused.Status, refused.One("Retry-After"), refused.Body));
        Assert.Equal([Http2FrameType.Headers], frames.Select(frame => frame.Type));
        Assert.Equal(2, await Controller.ActionsAsync("refuse-requests"));

        _release.SetResult();
        Assert.Equal("small", (await first.ReadResponseAsync()).Body);
        Assert.Equal("small", (await second.ReadResponseAsync()).Body);
        await UntilUsedAsync(0);
        Assert.Equal("small", (await GetAsync()).Body);
    }

    [Fact]
    public async Task Health_check_of_a_load_balancer_is_answered_when_requests_are_refused()
    {
        await StartAsync(new() { MaxRequests = 1 });
        await using var only = await HoldAsync();
        await UntilUsedAsync(1);

        Assert.Equal(503, (await GetAsync()).Status);
        Assert.Equal(200, (await WireConnection.ExchangeAsync(Controller.HttpPort, "GET /healthz HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n")).Status);
        Assert.Equal(503, (await WireConnection.ExchangeAsync(Controller.HttpPort, "GET /other HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Header_bytes_of_all_requests_are_limited()
    {
        await StartAsync(new() { MaxRequests = 8, MaxHeaderBytes = 1 << 16 });
        var held = new List<WireConnection>();
        // The first one is not counted: one in eight may be as large as it likes.
        for (var i = 0; i < 3; i++)
            held.Add(await HoldAsync(new string('x', 30_000)));
        await UntilUsedAsync(3);

        Assert.InRange(await Controller.UsedAsync("header-bytes"), 60_000, 1 << 16);
        Assert.Equal(503, (await GetAsync(new string('x', 6_000))).Status);
        Assert.Equal(200, (await GetAsync()).Status);
        foreach (var connection in held)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Stalled_responses_end_when_requests_crowd_and_others_are_served()
    {
        await StartAsync(new() { MaxRequests = 20 });
        await using var attacker = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        // From the 17th on they are refused: the last of the room is for connections with few requests.
        for (var i = 0; i < 18; i++)
            await attacker.RequestAsync(2 * i + 1, "GET", Host, "https", [], "/large");

        var ended = 0;
        while (ended < 2)
        {
            var frame = await attacker.ReadSignificantAsync();
            if (frame is { Type: Http2FrameType.RstStream, Payload: [0, 0, 0, 11] })
                ended++;
            Assert.NotNull(frame);
        }

        Assert.Equal("small", (await GetAsync()).Body);
        Assert.InRange(await Controller.ActionsAsync("shed-stalled"), 2, 18);
        Assert.InRange(Controller.Log.CountOf("overload: shed-stalled: "), 1, 3);
        await OverloadSamples.UntilAsync(async () => await Controller.ActiveAsync("shed-stalled") == 0);
    }

    private async Task StartAsync(OverloadOptions overload) =>
        _controller = await TestController.StartAsync(
            Manifests.Service("app", [_backend.Port]) + Manifests.Ingress("app", Host, "app"),
            options => options with { Overload = overload, Listener = options.Listener with { HealthPath = "/healthz" } });

    private async Task<WireConnection> HoldAsync(string field = "")
    {
        var connection = await WireConnection.ConnectAsync(Controller.HttpPort);
        await connection.SendAsync($"GET /hold HTTP/1.1\r\nHost: {Host}\r\nX-Field: {field}\r\n\r\n");
        return connection;
    }

    private Task<WireMessage> GetAsync(string field = "") =>
        WireConnection.ExchangeAsync(Controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-Field: {field}\r\n\r\n");

    private Task UntilUsedAsync(int requests) => OverloadSamples.UntilAsync(async () => await Controller.UsedAsync("requests") == requests);
}
