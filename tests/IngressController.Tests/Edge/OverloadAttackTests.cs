using System.Diagnostics;
using System.Text;
using IngressController.Tests.Edge.Attacks;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace IngressController.Tests.Edge;

/// <summary>
/// Clients that take all the memory they can get from the program, in a container of 256 and of 512 MiB: it lives, answers probes, and serves
/// a second client. With EDGE_FULL=1 there are 8,000 stalled streams and 8,000 idle connections, and what they take and leave is checked.
/// </summary>
public sealed class OverloadAttackTests(ITestOutputHelper output)
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("EDGE_FULL") == "1";

    /// <summary>With 100 streams each.</summary>
    private static readonly int Connections = IsFull ? 80 : 45;

    private static readonly int IdleConnections = IsFull ? 8_000 : 800;

    private static readonly byte[] Large = Encoding.ASCII.GetBytes(new string('x', 20_000));

    [CgroupTheory]
    [InlineData(256)]
    [InlineData(512)]
    public async Task Process_lives_and_serves_a_second_client(int megabytes)
    {
        using var group = new MemoryCgroup(megabytes);
        await using var backend = await KestrelBackend.StartAsync(AnswerAsync);
        await using var server = await ControllerServer.StartAsync(backend.Port, group);
        await using (new SecondClient(server))
            await Task.Delay(TimeSpan.FromSeconds(1));

        // Kestrel keeps the 4 KiB blocks that the streams have used, about 45 MiB, and gives them back over minutes.
        await AttackAsync(server, "streams without a window", 250, 100, () => StallAsync(server, Http2WireConnection.NoWindow));
        // The window of a stream is large, that of the connection stays at 65,535 bytes.
        await AttackAsync(server, "connections without a window", 250, 100, () => StallAsync(server, [0, 4, 0, 16, 0, 0]));
        await AttackAsync(server, "idle TLS connections", 200, 50, () => OpenIdleAsync(server));
    }

    /// <summary>Attacks, and with EDGE_FULL=1 waits 30 s.</summary>
    /// <param name="server">The server.</param>
    /// <param name="name">The attack.</param>
    /// <param name="maxTaken">What a full attack may take at its peak above the start, in MiB.</param>
    /// <param name="maxLeft">What may be left of that 30 s after it, in MiB.</param>
    /// <param name="attack">Opens the connections.</param>
    private async Task AttackAsync(ControllerServer server, string name, double maxTaken, double maxLeft, Func<Task<List<IAsyncDisposable>>> attack)
    {
        var start = server.Memory;
        var client = new SecondClient(server);
        using var stop = new CancellationTokenSource();
        var peak = PeakAsync(server, stop.Token);
        var opened = await attack();
        await Task.Delay(TimeSpan.FromSeconds(1));
        var time = Stopwatch.GetTimestamp();
        var ready = await WireConnection.ExchangeAsync(server.AdminPort, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        output.WriteLine($"{name}: {server.Memory:F0} MiB, {opened.Count} connections, ready in {Stopwatch.GetElapsedTime(time).TotalMilliseconds:F0} ms");
        await client.DisposeAsync();
        foreach (var connection in opened)
            await connection.DisposeAsync();
        await stop.CancelAsync();
        var taken = await peak - start;

        Assert.True(server.IsAlive, $"{name}: the process has ended:\n{server.Log}");
        Assert.Equal(200, ready.Status);
        Assert.True(client.Count > 0);
        Assert.True(client.Failures.Count == 0, $"{name}: {client.Failures.Count} of {client.Count} failed, such as {string.Join("; ", client.Failures.Take(3))}\n{server.Log}");
        if (!IsFull)
            return;
        await Task.Delay(TimeSpan.FromSeconds(30));
        output.WriteLine($"{name}: from {start:F0} MiB, {taken:F0} more at the peak, {server.Memory - start:F0} 30 s later");
        Assert.InRange(taken, 0, maxTaken);
        Assert.InRange(server.Memory - start, -start, maxLeft);
    }

    private static async Task<double> PeakAsync(ControllerServer server, CancellationToken stop)
    {
        var peak = 0.0;
        while (!stop.IsCancellationRequested)
        {
            peak = Math.Max(peak, server.Memory);
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        }

        return peak;
    }

    private static async Task<List<IAsyncDisposable>> StallAsync(ControllerServer server, byte[] settings)
    {
        var opened = new List<IAsyncDisposable>();
        for (var i = 0; i < Connections; i++)
        {
            var connection = await Http2WireConnection.ConnectAsync(server.HttpsPort, settings);
            opened.Add(connection);
            try
            {
                for (var stream = 1; stream < 200; stream += 2)
                    await connection.RequestAsync(stream, "GET", AttackedServer.Host, "https", [], "/large");
            }
            catch (IOException)
            {
                // The server ends an attacker when it likes.
            }
        }

        return opened;
    }

    private static async Task<List<IAsyncDisposable>> OpenIdleAsync(ControllerServer server)
    {
        var opened = new List<IAsyncDisposable>();
        for (var i = 0; i < IdleConnections; i++)
        {
            try
            {
                opened.Add(await WireConnection.ConnectAsync(
                    server.HttpsPort, new() { TargetHost = AttackedServer.Host, RemoteCertificateValidationCallback = (_, _, _, _) => true }));
            }
            catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
            {
                // Over the budget of the attacker.
            }
        }

        return opened;
    }

    private static Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.Path == "/large" ? Large : "ok"u8.ToArray();
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, 0, body.Length, context.RequestAborted);
    }
}
