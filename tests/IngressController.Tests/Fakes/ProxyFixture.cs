using System.Text;
using IngressController.Configuration;

namespace IngressController.Tests.Fakes;

/// <summary>One controller for all tests of a class, to which each test adds the backends it needs.</summary>
public class ProxyFixture : IAsyncLifetime
{
    private readonly StringBuilder _manifests = new();
    private TestController? _controller;
    private int _names;

    internal TestController Controller => _controller!;

    /// <summary>The options of the controller; time-outs are long, so that a busy machine may take its time.</summary>
    public virtual IngressOptions Configure(IngressOptions options) => options with
    {
        Upstream = options.Upstream with { ConnectTimeout = TimeSpan.FromSeconds(15), ReadTimeout = TimeSpan.FromSeconds(20) },
    };

    public async Task InitializeAsync() => _controller = await TestController.StartAsync("", Configure);

    public Task DisposeAsync() => Controller.DisposeAsync().AsTask();

    /// <summary>Adds manifests to those that are served; returns when they are live.</summary>
    internal Task AddAsync(string manifests)
    {
        _manifests.Append(manifests);
        return Controller.ApplyAsync(_manifests.ToString());
    }

    /// <summary>Gives endpoints a host of their own and returns it once it is served.</summary>
    internal async Task<string> ServeAsync(IEnumerable<int> ports, string? appProtocol = null)
    {
        var name = $"s{++_names}";
        await AddAsync(Manifests.Service(name, ports, appProtocol) + Manifests.Ingress(name, $"{name}.example", name));
        return $"{name}.example";
    }

    internal Task<string> ServeAsync(WireBackend backend) => ServeAsync([backend.Port]);

    /// <summary>Connects to the proxy's HTTP port.</summary>
    internal Task<WireConnection> ConnectAsync() => WireConnection.ConnectAsync(Controller.HttpPort);

    /// <summary>Sends one request as it is written and returns the answer.</summary>
    internal Task<WireMessage> ExchangeAsync(string request) => WireConnection.ExchangeAsync(Controller.HttpPort, request);

    /// <summary>A GET whose target reaches the wire as it is written.</summary>
    internal Task<WireMessage> GetAsync(string host, string target = "/", string fields = "") =>
        ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
}
