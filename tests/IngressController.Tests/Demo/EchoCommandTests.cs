using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using IngressController.Cli;
using IngressController.Signals;
using IngressController.Tests.Cli;
using IngressController.Tests.Fakes;
using IngressController.Views;
using Microsoft.Extensions.Configuration;

namespace IngressController.Tests.Demo;

/// <summary>The echo backend as a separate program, as the demo application runs it.</summary>
public sealed partial class EchoCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Echo_answers_with_the_received_request_until_a_signal()
    {
        using var process = ControllerProcess.Start(_folder, ["echo", "--http-port", "0", "--bind-address", "127.0.0.1"], ("POD_NAME", "echo-1"));
        await process.WaitForAsync("listening on 127.0.0.1, port ");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port().Match(process.Out).Groups[1].Value}/a?b=c") { Content = new StringContent("12345") };
        request.Headers.Host = "shop.example";
        using var response = await client.SendAsync(request);

        var echo = (await response.Content.ReadFromJsonAsync<Echo>())!;
        Assert.Equal(("echo", "echo-1", "POST", "/a?b=c", "shop.example", 5), (echo.Service, echo.Pod, echo.Method, echo.Path, echo.Host, echo.BodyBytes));
        Assert.Null(response.Headers.ConnectionClose);
        process.Signal(PosixSignal.SIGINT);
        Assert.Equal(0, await process.WaitForExitAsync());
        Assert.Empty(process.Error);
    }

    /// <summary>A rollout stops a Pod while clients still send to it; the delay gives them time to notice.</summary>
    [Fact]
    public async Task Echo_answers_and_closes_connections_during_the_delay_after_SIGTERM()
    {
        using var process = await StartAsync("--shutdown-delay", "2");
        var port = int.Parse(Port().Match(process.Out).Groups[1].Value);
        await using var open = await WireConnection.ConnectAsync(port);
        Assert.Equal((200, null), await AskAsync(open));

        var start = Stopwatch.GetTimestamp();
        process.Signal(PosixSignal.SIGTERM);
        await process.WaitForAsync("shutting down: answers requests for another 2 s");
        Assert.Equal((200, "close"), await AskAsync(open));
        await using (var late = await WireConnection.ConnectAsync(port))
            Assert.Equal((200, "close"), await AskAsync(late));

        Assert.Equal((0, ""), (await process.WaitForExitAsync(), process.Error));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 2, 5);
    }

    /// <summary>Neither Ctrl-C in a terminal nor a second signal waits for the delay.</summary>
    [Theory]
    [InlineData(PosixSignal.SIGINT, null, 0)]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGTERM, 143)]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGINT, 130)]
    public async Task CtrlC_or_a_second_signal_ends_the_process_at_once(PosixSignal first, PosixSignal? second, int code)
    {
        using var process = await StartAsync("--shutdown-delay", "60");
        process.Signal(first);
        if (second is { } again)
        {
            await process.WaitForAsync("shutting down: ");
            process.Signal(again);
        }

        Assert.Equal(code, await process.WaitForExitAsync());
    }

    /// <summary>The demo application sets no delay, and a Pod is killed 30 s after SIGTERM.</summary>
    [Fact]
    public void Shutdown_delay_has_a_default() => Assert.Equal(
        TimeSpan.FromSeconds(5), OptionLayers.Read(RunOptions.Echo, _ => [], _ => null, new ConfigurationBuilder().Build()).Shutdown.Delay);

    [Fact]
    public async Task Port_in_use_is_one_line()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var (code, output, error) = await CommandRun.InvokeAsync(["echo", "--bind-address", "127.0.0.1", "--http-port", $"{port}"]);
        Assert.Equal((1, ""), (code, output));
        Assert.Matches($@"^ingress-controller: cannot listen on 127\.0\.0\.1, port {port}: .*; choose another port or address with --http-port or --bind-address\n$", error);
    }

    [Fact]
    public async Task Other_options_are_rejected()
    {
        var (code, _, error) = await CommandRun.InvokeAsync(["echo", "--https-port", "1"]);
        Assert.Equal(2, code);
        Assert.Contains("--https-port", error, StringComparison.Ordinal);
    }

    private async Task<ControllerProcess> StartAsync(params string[] options)
    {
        var process = ControllerProcess.Start(_folder, ["echo", "--http-port", "0", "--bind-address", "127.0.0.1", .. options], ("POD_NAME", "echo-1"));
        await process.WaitForAsync("listening on 127.0.0.1, port ");
        return process;
    }

    private static async Task<(int Status, string? Connection)> AskAsync(WireConnection connection)
    {
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: echo.example\r\n\r\n");
        var response = await connection.ReadResponseAsync();
        return (response.Status, response.One("Connection"));
    }

    [GeneratedRegex(@"port (\d+)")]
    private static partial Regex Port();
}
