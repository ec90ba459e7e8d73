using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Cli;

/// <summary><c>run</c> in a process of its own, told to stop.</summary>
public sealed partial class ShutdownTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public async Task An_idle_controller_ends_with_0(PosixSignal signal)
    {
        using var run = ControllerProcess.Start(_folder, ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0"]);
        await run.WaitForAsync("ready: 0 Ingresses");

        run.Signal(signal);

        Assert.Equal((0, ""), (await run.WaitForExitAsync(), run.Error));
    }

    /// <summary>The command line's parser ends the process two seconds after a signal unless it is told otherwise.</summary>
    [Fact]
    public async Task A_request_that_takes_longer_than_two_seconds_is_answered_before_the_end()
    {
        using var backend = new TcpListener(IPAddress.Loopback, 0);
        backend.Start();
        _folder.Write("m.yaml", Manifests.Service("slow", [((IPEndPoint)backend.LocalEndpoint).Port]) + Manifests.Ingress("i", "slow.example", "slow"));
        using var run = ControllerProcess.Start(_folder, ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0"]);
        await run.WaitForAsync("ready: 1 Ingresses");
        await run.WaitForAsync("listening on 127.0.0.1: ");
        var port = int.Parse(Port().Match(run.Out).Groups[1].Value);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: slow.example\r\n\r\n"));
        using var upstream = await backend.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotEqual(0, await upstream.GetStream().ReadAsync(new byte[1000]));

        run.Signal(PosixSignal.SIGTERM);
        await UntilRefusedAsync(port);
        // The parser's two seconds have no event but the end of the process, which shows here as the end of the connection.
        await Assert.ThrowsAsync<TimeoutException>(() => upstream.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(2.5)));
        await upstream.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"));

        using var reader = new StreamReader(client.GetStream());
        Assert.EndsWith("done", await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20)), StringComparison.Ordinal);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    /// <summary>Completes when the controller has begun to stop: it takes no new connections then.</summary>
    private static async Task UntilRefusedAsync(int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            while (true)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                await Task.Delay(10, limit.Token);
            }
        }
        catch (SocketException)
        {
            // Refused, as it should be.
        }
    }

    [GeneratedRegex(@"HTTP on port (\d+)")]
    private static partial Regex Port();
}
