using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

/// <summary>The maximum number of connections, of all clients and of each.</summary>
public sealed class ConnectionBudgetTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: x.example\r\n\r\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_over_the_budget_of_its_client_is_closed_and_a_closed_one_makes_room(bool isTls)
    {
        await using var controller = await StartAsync(new() { MaxConnections = 10, MaxConnectionsPerClient = 2 });
        await using var first = await OpenAsync(controller, isTls);
        await using var second = await OpenAsync(controller, isTls);

        await AssertRefusedAsync(() => OpenAsync(controller, isTls));

        Assert.Equal(404, await AskAsync(second));
        await first.DisposeAsync();
        // The server notices the end a moment later.
        await OverloadSamples.UntilAsync(async () => await controller.UsedAsync("connections") == 1);
        await using var third = await OpenAsync(controller, isTls);
        Assert.Equal(1, await controller.RefusedConnectionsAsync("client"));
        Assert.Equal(0, await controller.RefusedConnectionsAsync("all"));
        Assert.Equal(1, controller.Log.CountOf("the connections of its network are at their maximum"));
    }

    [Fact]
    public async Task Connection_over_the_budget_of_all_clients_is_closed_and_the_admin_port_answers()
    {
        await using var controller = await StartAsync(new() { MaxConnections = 2, MaxConnectionsPerClient = 10 });
        await using var first = await OpenAsync(controller, isTls: false);
        await using var second = await OpenAsync(controller, isTls: true);

        for (var i = 0; i < 20; i++)
            await AssertRefusedAsync(() => OpenAsync(controller, isTls: i % 2 == 0));

        Assert.Equal(404, await AskAsync(first));
        Assert.Equal(200, (await WireConnection.ExchangeAsync(controller.AdminPort, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
        Assert.Equal(20, await controller.RefusedConnectionsAsync("all"));
        Assert.Equal(2, await controller.UsedAsync("connections"));
        // One line a second at most, with the number of the others.
        Assert.InRange(controller.Log.CountOf("the connections of all clients are at their maximum"), 1, 5);
    }

    [Fact]
    public async Task Idle_connections_make_room_for_new_ones_and_busy_ones_stay()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await Task.Delay(Timeout.Infinite);
        });
        await using var controller = await StartAsync(
            new() { MaxConnections = 20, MaxConnectionsPerClient = 20 }, Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", "app.example", "app"));
        await using var busy = await WireConnection.ConnectAsync(controller.HttpPort);
        await busy.SendAsync("GET / HTTP/1.1\r\nHost: app.example\r\n\r\n");
        var idle = new List<WireConnection>();
        for (var i = 0; i < 17; i++)
            idle.Add(await OpenAsync(controller, isTls: i % 2 == 0));

        // The oldest go first.
        Assert.Equal("", await idle[0].ReadToEndAsync());
        await OverloadSamples.UntilAsync(async () => await controller.UsedAsync("connections") <= 15);

        await using var another = await OpenAsync(controller, isTls: true);
        Assert.Equal(1, await controller.UsedAsync("requests"));
        Assert.InRange(await controller.ActionsAsync("stop-keep-alive"), 3, 17);
        Assert.InRange(controller.Log.CountOf("overload: stop-keep-alive: "), 1, 3);
        foreach (var connection in idle)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Idle_connections_of_a_client_make_room_for_its_new_ones()
    {
        await using var controller = await StartAsync(new() { MaxConnections = 1000, MaxConnectionsPerClient = 10 });
        var idle = new List<WireConnection>();
        for (var i = 0; i < 9; i++)
            idle.Add(await OpenAsync(controller, isTls: false));
        // They are idle for a second then; the next one makes the server look.
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        await using var another = await OpenAsync(controller, isTls: true);

        Assert.Equal("", await idle[0].ReadToEndAsync());
        await OverloadSamples.UntilAsync(async () => await controller.UsedAsync("connections") <= 8);
        Assert.Equal(404, await AskAsync(another));
        foreach (var connection in idle)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Trusted_proxy_stands_for_many_clients()
    {
        await using var controller = await StartAsync(new() { MaxConnections = 10, MaxConnectionsPerClient = 1 }, """
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings, namespace: default}
            data: {use-forwarded-headers: "true", proxy-real-ip-cidr: "127.0.0.0/8"}
            """);
        await using var first = await OpenAsync(controller, isTls: false);
        await using var second = await OpenAsync(controller, isTls: false);
        await using var third = await OpenAsync(controller, isTls: true);

        Assert.Equal(404, await AskAsync(first));
    }

    private static Task<TestController> StartAsync(OverloadOptions overload, string manifests = "") =>
        TestController.StartAsync(manifests, options => options with
        {
            Overload = overload,
            Translation = options.Translation with { ConfigMap = new ResourceName("default", "settings") },
        });

    /// <summary>Opens a connection that the server has accepted: it has answered a request.</summary>
    private static async Task<WireConnection> OpenAsync(TestController controller, bool isTls)
    {
        var connection = await WireConnection.ConnectAsync(
            isTls ? controller.HttpsPort : controller.HttpPort,
            isTls ? new() { TargetHost = "x.example", RemoteCertificateValidationCallback = (_, _, _, _) => true } : null);
        Assert.Equal(404, await AskAsync(connection));
        return connection;
    }

    /// <summary>Closed or reset, at whatever the client was just doing.</summary>
    private static async Task AssertRefusedAsync(Func<Task> open) =>
        Assert.True(await Assert.ThrowsAnyAsync<Exception>(open) is IOException or SocketException);

    private static async Task<int> AskAsync(WireConnection connection)
    {
        await connection.SendAsync(Request);
        return (await connection.ReadResponseAsync()).Status;
    }
}
