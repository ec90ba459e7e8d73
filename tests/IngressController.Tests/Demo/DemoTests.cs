using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;
using IngressController.Views;

namespace IngressController.Tests.Demo;

/// <summary>The demo of the built program, with other ports.</summary>
public sealed partial class DemoTests : IDisposable
{
    private static readonly string[] Demo = ["demo", "--http-port", "0", "--https-port=0", "--admin-port", "0"];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Demo_prints_its_routes_and_every_curl_command_works()
    {
        using var demo = ControllerProcess.Start(_folder, Demo);
        await demo.WaitForAsync("Ctrl-C ends the demo.");

        Assert.Matches(@"HOST +MATCH +PATH +BACKEND +INGRESS", demo.Out);
        Assert.Matches(@"shop\.localhost +Exact +/api/version +demo/web:80 +demo/shop", demo.Out);
        var calls = Curl().Matches(demo.Out).Select(match => (Url: match.Groups[1].Value, Comment: match.Groups[2].Value)).ToArray();
        Assert.Equal(9, calls.Length);
        using var client = NewClient();
        var answers = new List<string>();
        foreach (var (url, _) in calls)
        {
            using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower });
            answers.Add(url.Contains("/api/diagnostics", StringComparison.Ordinal) ? (await response.Content.ReadAsStringAsync()).Contains("ServiceNotFound", StringComparison.Ordinal) ? "ServiceNotFound" : ""
                : response.IsSuccessStatusCode ? $"{(await response.Content.ReadFromJsonAsync<Echo>())!.Service} {response.Version}"
                : $"{(int)response.StatusCode}");
        }

        Assert.Equal(["web 1.1", "api 1.1", "web 1.1", "web 2.0", "apps 1.1", "rpc 1.1", "503", "fallback 1.1", "ServiceNotFound"], answers);
    }

    [Fact]
    public async Task Changed_manifests_are_applied()
    {
        using var demo = ControllerProcess.Start(_folder, Demo);
        await demo.WaitForAsync("Ctrl-C ends the demo.");
        var file = Path.Combine(Directory.GetDirectories(_folder, "ingress-demo-*").Single(), "ingresses.yaml");
        var url = Curl().Match(demo.Out).Groups[1].Value;
        using var client = NewClient();

        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("host: shop.localhost", "host: store.localhost", StringComparison.Ordinal));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await client.GetFromJsonAsync<Echo>(url.Replace("shop.", "store.", StringComparison.Ordinal), deadline.Token) is not { Service: "web" })
            await Task.Yield();
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public async Task Signal_ends_the_demo_during_a_request_and_no_files_remain(PosixSignal signal)
    {
        using var demo = ControllerProcess.Start(_folder, Demo);
        await demo.WaitForAsync("Ctrl-C ends the demo.");
        using var hanging = new TcpClient();
        await hanging.ConnectAsync(IPAddress.Loopback, new Uri(Curl().Match(demo.Out).Groups[1].Value).Port);
        await hanging.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"));
        // The response to Expect shows that the backend has begun to read the body, which is never sent.
        Assert.NotEqual(0, await hanging.GetStream().ReadAsync(new byte[100]).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));

        var start = Stopwatch.GetTimestamp();
        demo.Signal(signal);

        Assert.Equal(0, await demo.WaitForExitAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Empty(Directory.GetDirectories(_folder, "ingress-demo-*"));
        Assert.Equal("", demo.Error);
    }

    [Fact]
    public async Task Port_in_use_is_one_line_and_no_files_remain()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var demo = ControllerProcess.Start(_folder, ["demo", "--bind-address", "127.0.0.1", "--http-port", $"{port}", "--https-port", "0", "--admin-port", "0"]);

        Assert.Equal(1, await demo.WaitForExitAsync());
        Assert.Contains($":{port}: address already in use", Assert.Single(demo.Error.Split('\n')), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_folder, "ingress-demo-*"));
    }

    /// <summary>
    /// Creates a client that, like curl, resolves every name below localhost to this machine and accepts any certificate.
    /// </summary>
    private static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellation) =>
        {
            Assert.EndsWith("localhost", context.DnsEndPoint.Host, StringComparison.Ordinal);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    });

    [GeneratedRegex(@"^  curl (?:-\w )?'?(https?://[^\s']+)'?\s+(\S.*)$", RegexOptions.Multiline)]
    private static partial Regex Curl();
}
