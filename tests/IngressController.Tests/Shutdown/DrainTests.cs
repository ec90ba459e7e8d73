using IngressController.Tests.Fakes;

namespace IngressController.Tests.Shutdown;

/// <summary>The shutdown over HTTP/1.1 loses no request.</summary>
public sealed class DrainTests
{
    private const string Get = $"GET / HTTP/1.1\r\nHost: {DrainingController.Host}\r\n\r\n";

    [Fact]
    public async Task Draining_replica_is_healthy_but_not_ready_and_the_metrics_show_it()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var draining = await DrainingController.StartAsync(backend.Port);
        Assert.Equal((200, "ok\n"), await draining.ReadyzAsync());
        Assert.Equal(0, await GaugeAsync("yarp_ingress_draining"));

        await using var kept = await WireConnection.ConnectAsync(draining.HttpPort);
        await DrainingController.UntilAsync(async () => await GaugeAsync("yarp_ingress_open_connections") == 1, "one connection is open");
        var stopping = await draining.BeginAsync();

        Assert.Equal((503, "not ready: shutting down\n"), await draining.ReadyzAsync());
        Assert.Equal("ok\n", await draining.Admin.GetStringAsync("/healthz"));
        Assert.Equal(1, await GaugeAsync("yarp_ingress_draining"));
        Assert.Equal(0, await GaugeAsync("yarp_ingress_ready"));
        await draining.EndDelayAsync();
        await stopping;
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));

        async Task<double> GaugeAsync(string name) =>
            Assert.Single(PrometheusPage.Parse(await draining.Admin.GetStringAsync("/metrics")), sample => sample.Name == name).Value;
    }

    [Theory]
    [InlineData(Get, 200)]
    [InlineData("GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n", 404)]
    public async Task Responses_during_the_delay_close_their_connection_and_new_connections_are_served(string request, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var kept = await WireConnection.ConnectAsync(draining.HttpPort);
        await kept.SendAsync(request);
        var before = await kept.ReadResponseAsync();
        Assert.Equal((status, null), (before.Status, before.One("Connection")));
        await draining.BeginAsync();

        await kept.SendAsync(request);
        var last = await kept.ReadResponseAsync();
        Assert.Equal((status, "close"), (last.Status, last.One("Connection")));
        Assert.Equal("", await kept.ReadToEndAsync());
        var another = await WireConnection.ExchangeAsync(draining.HttpPort, request);
        Assert.Equal((status, "close"), (another.Status, another.One("Connection")));
    }

    [Fact]
    public async Task Response_to_an_earlier_request_also_closes_the_connection()
    {
        var came = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var backend = SlowBackend(came, answer.Task);
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync(Get);
        await came.Task;
        await draining.BeginAsync();
        answer.SetResult();
        var response = await client.ReadResponseAsync();
        Assert.Equal((200, "slow", "close"), (response.Status, response.Body, response.One("Connection")));
    }

    /// <summary>A request can already be in flight when the proxy closes an idle connection.</summary>
    [Fact]
    public async Task Idle_connections_stay_open_during_the_delay_and_are_closed_after_it()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var used = await WireConnection.ConnectAsync(draining.HttpPort);
        await used.SendAsync(Get);
        Assert.Equal(200, (await used.ReadResponseAsync()).Status);
        await using var unused = await WireConnection.ConnectAsync(draining.HttpPort);
        var stopping = await draining.BeginAsync();

        var ends = new[] { used.ReadToEndAsync(), unused.ReadToEndAsync() };
        Assert.Equal(200, (await WireConnection.ExchangeAsync(draining.HttpPort, Get)).Status);
        Assert.DoesNotContain(ends, end => end.IsCompleted);
        await draining.EndDelayAsync();
        Assert.Equal(["", ""], await Task.WhenAll(ends));
        await stopping;
    }

    [Fact]
    public async Task A_request_in_flight_ends_within_the_grace_period()
    {
        var came = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var backend = SlowBackend(came, answer.Task);
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync(Get);
        await came.Task;
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();

        Assert.Equal("ok\n", await draining.Admin.GetStringAsync("/healthz"));
        Assert.False(stopping.IsCompleted);
        answer.SetResult();
        Assert.Equal("slow", (await client.ReadResponseAsync()).Body);
        await stopping;
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));
    }

    [Fact]
    public async Task Requests_longer_than_the_grace_period_are_aborted_and_logged_in_one_line()
    {
        var came = new TaskCompletionSource();
        await using var backend = SlowBackend(came, new TaskCompletionSource().Task);
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync(Get);
        await using var second = await WireConnection.ConnectAsync(draining.HttpPort);
        await second.SendAsync(Get);
        await DrainingController.UntilAsync(() => Task.FromResult(backend.Accepted == 2), "both requests have arrived");
        await came.Task;
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();
        Assert.False(stopping.IsCompleted);

        draining.EndGracePeriod();
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal("", await second.ReadToEndAsync());
        await stopping;
        Assert.Equal(1, draining.Controller.Log.CountOf("2 requests were aborted"));
    }

    private static WireBackend SlowBackend(TaskCompletionSource came, Task answer) => WireBackend.Start(async connection =>
    {
        await connection.ReadRequestAsync();
        came.TrySetResult();
        await answer;
        await connection.SendAsync(WireBackend.Ok("slow"));
    });
}
