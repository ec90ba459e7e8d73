using System.Diagnostics;
using System.Text;
using IngressController.Tests.Edge.Attacks;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace IngressController.Tests.Edge;

/// <summary>
/// Clients that take all the memory they can get from the program, in a container of 256 and of 512 MiB: it lives, answers probes, and serves
/// a second client. With EDGE_FULL=1 there are more of them, and the memory 30 s later is checked.
/// </summary>
public sealed class OverloadAttackTests(ITestOutputHelper output)
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("EDGE_FULL") == "1";

    /// <summary>With 100 streams each.</summary>
    private static readonly int Connections = IsFull ? 80 : 45;

    private static readonly int IdleConnections = IsFull ? 4_000 : 800;

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
        var start = server.Memory;

        await AttackAsync(server, "streams without a window", () => StallAsync(server, Http2WireConnection.NoWindow));
        // The window of a stream is large, that of the connection stays at 65,535 bytes.
        await AttackAsync(server, "connections without a window", () => StallAsync(server, [0, 4, 0, 16, 0, 0]));
        await AttackAsync(server, "idle TLS connections", () => OpenIdleAsync(server));

        if (!IsFull)
            return;
        await Task.Delay(TimeSpan.FromSeconds(30));
        output.WriteLine($"30 s later: {server.Memory:F0} MiB");
        Assert.InRange(server.Memory, 0, start + 50);
    }

    private async Task AttackAsync(ControllerServer server, string name, Func<Task<List<IAsyncDisposable>>> attack)
    {
        var client = new SecondClient(server);
        var opened = await attack();
        await Task.Delay(TimeSpan.FromSeconds(1));
        var time = Stopwatch.GetTimestamp();
        var ready = await WireConnection.ExchangeAsync(server.AdminPort, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        output.WriteLine($"{name}: {server.Memory:F0} MiB, {opened.Count} connections, ready in {Stopwatch.GetElapsedTime(time).TotalMilliseconds:F0} ms");
        await client.DisposeAsync();
        foreach (var connection in opened)
            await connection.DisposeAsync();

        Assert.True(server.IsAlive, $"{name}: the process has ended:\n{server.Log}");
        Assert.Equal(200, ready.Status);
        Assert.True(client.Count > 0);
        Assert.True(client.Failures.Count == 0, $"{name}: {client.Failures.Count} of {client.Count} failed, such as {string.Join("; ", client.Failures.Take(3))}\n{server.Log}");
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
