using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using IngressController.Demo;
using IngressController.Tests.Cli;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Demo;

/// <summary>The echo backend as a program of its own, as the demo application runs it.</summary>
public sealed partial class EchoCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_answers_with_what_it_received_until_SIGTERM()
    {
        using var process = ControllerProcess.Start(_folder, ["echo", "--http-port", "0", "--bind-address", "127.0.0.1"], ("POD_NAME", "echo-1"));
        await process.WaitForAsync("listening on 127.0.0.1, port ");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port().Match(process.Out).Groups[1].Value}/a?b=c") { Content = new StringContent("12345") };
        request.Headers.Host = "shop.example";
        using var response = await client.SendAsync(request);

        var echo = (await response.Content.ReadFromJsonAsync<Echo>())!;
        Assert.Equal(("echo", "echo-1", "POST", "/a?b=c", "shop.example", 5), (echo.Service, echo.Pod, echo.Method, echo.Path, echo.Host, echo.BodyBytes));
        process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await process.WaitForExitAsync());
        Assert.Empty(process.Error);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (code, output, error) = await CommandRun.InvokeAsync(["echo", "--bind-address", "127.0.0.1", "--http-port", $"{port}"]);
        Assert.Equal((1, ""), (code, output));
        Assert.Matches($@"^ingress-controller: cannot listen on 127\.0\.0\.1, port {port}: .*; choose another one with --http-port or --bind-address\n$", error);
    }

    [Fact]
    public async Task It_has_no_other_options()
    {
        var (code, _, error) = await CommandRun.InvokeAsync(["echo", "--https-port", "1"]);
        Assert.Equal(2, code);
        Assert.Contains("--https-port", error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"port (\d+)")]
    private static partial Regex Port();
}
