using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Cli;

/// <summary>The shutdown of <c>run</c> in a separate process.</summary>
public sealed partial class ShutdownTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Kubernetes sends SIGTERM, and load balancers have to notice; Ctrl-C is sent from a terminal.</summary>
    [Theory]
    [InlineData(PosixSignal.SIGTERM, "1", 1, 4)]
    [InlineData(PosixSignal.SIGTERM, "0", 0, 3)]
    [InlineData(PosixSignal.SIGINT, "60", 0, 3)]
    public async Task Idle_controller_exits_with_0_after_the_delay_which_only_SIGTERM_has(PosixSignal signal, string delay, int minSeconds, int maxSeconds)
    {
        using var run = Start("--shutdown-delay", delay);
        await run.WaitForAsync("ready: 0 Ingresses");
        await run.WaitForAsync("listening on 127.0.0.1: ");

        var start = Stopwatch.GetTimestamp();
        run.Signal(signal);

        Assert.Equal((0, ""), (await run.WaitForExitAsync(), run.Error));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, minSeconds, maxSeconds);
    }

    [Theory]
    [InlineData(PosixSignal.SIGTERM, 143)]
    [InlineData(PosixSignal.SIGINT, 130)]
    public async Task Second_signal_ends_the_process_at_once(PosixSignal second, int code)
    {
        using var run = Start("--shutdown-delay", "60");
        await run.WaitForAsync("listening on 127.0.0.1: ");
        run.Signal(PosixSignal.SIGTERM);
        await run.WaitForAsync("shutting down: ");
        run.Signal(second);
        Assert.Equal(code, await run.WaitForExitAsync());
    }

    /// <summary>The command-line parser would end the process two seconds after a signal.</summary>
    [Fact]
    public async Task Request_longer_than_two_seconds_is_answered_before_the_exit()
    {
        using var backend = new TcpListener(IPAddress.Loopback, 0);
        backend.Start();
        _folder.Write("m.yaml", Manifests.Service("slow", [((IPEndPoint)backend.LocalEndpoint).Port]) + Manifests.Ingress("i", "slow.example", "slow"));
        using var run = Start("--shutdown-delay", "0");
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
        // No event signals the parser's two seconds except the end of the process, which would close this connection.
        await Assert.ThrowsAsync<TimeoutException>(() => upstream.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(2.5)));
        await upstream.GetStream().WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"));

        using var reader = new StreamReader(client.GetStream());
        Assert.EndsWith("done", await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20)), StringComparison.Ordinal);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    private ControllerProcess Start(params string[] options) => ControllerProcess.Start(
        _folder, ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", .. options]);

    /// <summary>Completes when the controller has begun to stop and accepts no new connections.</summary>
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
            // Refused, as expected.
        }
    }

    [GeneratedRegex(@"HTTP on port (\d+)")]
    private static partial Regex Port();
}
