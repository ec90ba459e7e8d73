using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

/// <summary>Requests over the budgets of the process are refused, and those that their client does not take end first.</summary>
public sealed class RequestBudgetTests : IAsyncLifetime
{
    private const string Host = "app.example";

    private const string Reason = "503 Service Unavailable: the proxy is overloaded\n";

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
                await connection.SendAsync(WireBackend.Ok(request.Target switch { "/large" => new string('x', 20_000), "/huge" => new string('x', 500_000), _ => "small" }));
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
        await using var http2 = await Http2WireConnection.ConnectAsync(Controller.HttpsPort);
        await http2.GetAsync(1, Host);
        var frames = await http2.ReadToEndOfAsync(1);

        Assert.Equal((503, "5", Reason), (refused.Status, refused.One("Retry-After"), refused.Body));
        var head = new HpackReader().Read(frames[0].Payload);
        Assert.Contains((":status", "503"), head);
        Assert.Contains(("retry-after", "5"), head);
        Assert.Equal(Reason, string.Concat(frames.Where(frame => frame.Type == Http2FrameType.Data).Select(frame => frame.Text)));
        Assert.Equal(2, await Controller.ActionsAsync("refuse-requests"));

        _release.SetResult();
        Assert.Equal("small", (await first.ReadResponseAsync()).Body);
        Assert.Equal("small", (await second.ReadResponseAsync()).Body);
        await UntilUsedAsync(0);
        Assert.Equal("small", (await GetAsync()).Body);
    }

    /// <summary>A reason that waits for a client without a window costs memory, so few of them may.</summary>
    [Fact]
    public async Task Refused_requests_that_no_one_reads_cost_little_and_take_no_room()
    {
        const int MaxWaiting = 64;
        await StartAsync(new() { MaxBufferedBytesPerConnection = 1 << 16 });
        await using var attacker = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        var (first, _) = await FillAsync(attacker);
        var inFlight = first / 2;
        var withoutReason = 0;
        for (var stream = first; stream < first + 2 * (MaxWaiting + 6); stream += 2)
        {
            await attacker.GetAsync(stream, Host);
            var head = await attacker.ReadSignificantAsync();
            Assert.Equal((Http2FrameType.Headers, stream), (head!.Type, head.Stream));
            withoutReason += head.EndsStream ? 1 : 0;
        }

        Assert.Equal(6, withoutReason);
        Assert.Equal(inFlight, await Controller.UsedAsync("requests"));
        Assert.Equal((true, ""), await RefusedAsync());
        await attacker.DisposeAsync();
        await OverloadSamples.UntilAsync(async () => await Controller.UsedAsync("buffered-bytes") == 0);
        Assert.Equal((true, Reason), await RefusedAsync());
    }

    /// <summary>A client that reads nothing costs no more, however many streams it has; responses are read in small pieces before it is refused.</summary>
    [Fact]
    public async Task Waiting_bytes_of_a_connection_are_limited()
    {
        await StartAsync(new());
        await using var attacker = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        for (var i = 0; i < 100; i++)
            await attacker.RequestAsync(2 * i + 1, "GET", Host, "https", [], "/huge");
        await OverloadSamples.UntilAsync(async () => await WaitingAsync() == 100);

        Assert.InRange(await Controller.UsedAsync("buffered-bytes"), 512 << 10, 1 << 20);
        Assert.Equal(0, await Controller.ActionsAsync("refuse-requests"));
    }

    [Fact]
    public async Task Requests_of_a_connection_over_its_waiting_bytes_are_refused()
    {
        await StartAsync(new() { MaxBufferedBytesPerConnection = 1 << 16 });
        await using var attacker = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        var (stream, _) = await FillAsync(attacker);
        // Two large pieces, then small ones.
        Assert.InRange(stream, 9, 25);
        await attacker.GetAsync(stream, Host);
        var refused = await attacker.ReadSignificantAsync();

        Assert.Equal((Http2FrameType.Headers, stream), (refused!.Type, refused.Stream));
        Assert.Equal(1, await Controller.ActionsAsync("refuse-requests"));
        Assert.Equal("small", (await GetAsync()).Body);
        await using var http2 = await Http2WireConnection.ConnectAsync(Controller.HttpsPort);
        await http2.GetAsync(1, Host);
        Assert.Equal("small", (await http2.ReadToEndOfAsync(1))[^1].Text);
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
            options => options with { Overload = overload, Listener = options.Listener with { HealthPath = "/healthz", ResponseStallTimeout = TimeSpan.FromMinutes(1) } });

    /// <summary>Takes all of the waiting bytes of a connection. Returns its next stream, and the reader that knows all heads.</summary>
    private async Task<(int Stream, HpackReader Reader)> FillAsync(Http2WireConnection connection)
    {
        var (stream, reader) = (1, new HpackReader());
        var waiting = await WaitingAsync();
        for (var used = await Controller.UsedAsync("buffered-bytes"); await Controller.UsedAsync("buffered-bytes") - used <= 1 << 16; stream += 2)
        {
            var expected = waiting + stream / 2 + 1;
            await connection.RequestAsync(stream, "GET", Host, "https", [], "/huge");
            reader.Read((await connection.ReadSignificantAsync())!.Payload);
            await OverloadSamples.UntilAsync(async () => await WaitingAsync() == expected);
        }

        return (stream, reader);
    }

    /// <summary>What a client gets whose connection is over the budget, but who reads the reason.</summary>
    private async Task<(bool HasRetryAfter, string Body)> RefusedAsync()
    {
        await using var client = await Http2WireConnection.ConnectAsync(Controller.HttpsPort, Http2WireConnection.NoWindow);
        var (stream, reader) = await FillAsync(client);
        await client.GetAsync(stream, Host);
        await client.OpenWindowAsync(stream, 1000);
        var frames = await client.ReadToEndOfAsync(stream);
        var head = reader.Read(frames[0].Payload);
        Assert.Contains((":status", "503"), head);
        return (head.Contains(("retry-after", "5")), string.Concat(frames.Where(frame => frame.Type == Http2FrameType.Data).Select(frame => frame.Text)));
    }

    private async Task<WireConnection> HoldAsync(string field = "")
    {
        var connection = await WireConnection.ConnectAsync(Controller.HttpPort);
        await connection.SendAsync($"GET /hold HTTP/1.1\r\nHost: {Host}\r\nX-Field: {field}\r\n\r\n");
        return connection;
    }

    private Task<WireMessage> GetAsync(string field = "") =>
        WireConnection.ExchangeAsync(Controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-Field: {field}\r\n\r\n");

    private async Task<double> WaitingAsync() =>
        PrometheusPage.Parse((await WireConnection.ExchangeAsync(Controller.AdminPort, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).Body)
            .Single(sample => sample.Name == "yarp_ingress_waiting_responses").Value;

    private Task UntilUsedAsync(int requests) => OverloadSamples.UntilAsync(async () => await Controller.UsedAsync("requests") == requests);
}
