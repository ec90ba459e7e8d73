using IngressController.Tests.Fakes;

namespace IngressController.Tests.Shutdown;

/// <summary>Tunnels of protocols without frames that the proxy knows: they have the whole grace period to end, and are aborted with it.</summary>
public sealed class UpgradeDrainTests
{
    [Theory]
    [InlineData("GET", "tcp", "", "")]
    [InlineData("POST", "tailscale-control-protocol", "Content-Length: 0\r\n", "")]
    [InlineData("POST", "tcp", "Content-Length: 4\r\n", "body")]
    [InlineData("POST", "SPDY/3.1", "Content-Length: 0\r\n", "")]
    public async Task Tunnel_works_during_the_grace_period_and_is_aborted_after_it(string method, string protocol, string fields, string body)
    {
        var ended = new TaskCompletionSource<string>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Switching(protocol));
            await connection.SendAsync(await connection.ReadTextAsync(4));
            ended.SetResult(await connection.ReadToEndAsync());
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {DrainingController.Host}\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n{fields}\r\n{body}");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();

        await client.SendAsync("ping");
        // No close frame precedes the bytes of the backend.
        Assert.Equal("ping", await client.ReadTextAsync(4));
        Assert.False(stopping.IsCompleted);
        draining.EndGracePeriod();
        Assert.Equal("", await client.ReadToEndAsync());
        Assert.Equal("", await ended.Task.WaitAsync(TimeSpan.FromSeconds(15)));
        await stopping;
        Assert.Equal(1, draining.Controller.Log.CountOf("1 requests were aborted"));
        Assert.Equal(0, draining.Controller.Log.CountOf(" failed "));
    }

    [Fact]
    public async Task Tunnel_opened_during_the_drain_keeps_its_Connection_header_and_its_end_ends_the_shutdown()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Switching("tcp"));
            await connection.SendAsync(await connection.ReadTextAsync(4));
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        var stopping = await draining.BeginAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {DrainingController.Host}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 4\r\n\r\nbody");
        var head = (await client.ReadHeadAsync())!;
        Assert.Equal((101, "Upgrade", "tcp"), (head.Status, head.One("Connection"), head.One("Upgrade")));
        await draining.EndDelayAsync();
        await client.SendAsync("last");
        Assert.Equal("last", await client.ReadToEndAsync());
        await stopping;
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));
    }

    /// <summary>WebSocket counts by what the backend switches to, not by the form of the offer.</summary>
    [Theory]
    [InlineData("GET", "h2c, websocket")]
    [InlineData("GET", "tcp, WebSocket")]
    [InlineData("POST", "websocket")]
    public async Task WebSocket_in_any_offer_gets_a_close_frame(string method, string offer)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Switching("websocket"));
            await connection.ReadToEndAsync();
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {DrainingController.Host}\r\nConnection: Upgrade\r\nUpgrade: {offer}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();
        Assert.Equal("\u0088\u0002\u0003\u00e9", await client.ReadTextAsync(4));
        draining.EndGracePeriod();
        await stopping;
    }

    private static string Switching(string protocol) => $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n";
}
