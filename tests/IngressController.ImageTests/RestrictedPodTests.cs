using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using IngressController.ClusterTests.Fixture;
using IngressController.ImageTests.Fixture;
using IngressController.Tests;
using IngressController.Tests.Fakes;
using Xunit.Abstractions;

namespace IngressController.ImageTests;

/// <summary>The image alone, as the Pod Security level "restricted" runs it, with the Ingresses of the demo in a folder.</summary>
public sealed partial class RestrictedPodTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>The endpoint is the controller's own admin port, the only backend that always exists.</summary>
    private const string Endpoints = """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: demo, labels: {kubernetes.io/service-name: web} }
        addressType: IPv4
        ports: [{port: 10254}]
        endpoints: [{addresses: [127.0.0.1]}]
        """;

    private readonly TempFolder _manifests = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly INetwork _network = new NetworkBuilder().Build();
    private IContainer _container = null!;

    public async Task InitializeAsync()
    {
        _manifests.Write("ingresses.yaml", RepositoryFile.Read("deploy", "demo", "ingresses.yaml"));
        _manifests.Write("endpoints.yaml", Endpoints);
        Access.ForAllUsers(_manifests);
        _container = IngressImage.RestrictedController(_network).WithBindMount(_manifests, "/manifests", AccessMode.ReadOnly)
            .WithCommand("run", "--manifests", "/manifests", "--shutdown-delay", "1").Build();
        await _container.StartOrFailAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        if (_container is not null)
            await _container.DisposeAsync();
        await _network.DisposeAsync();
        _manifests.Dispose();
    }

    [ImageFact]
    public async Task A_route_answers_over_HTTP_and_HTTPS()
    {
        var ports = IngressImage.PortsOf(_container);
        using var proxy = new ProxyClient(() => ports.Http, () => ports.Https);
        Assert.Equal("200 ok", (await proxy.AnswerAsync("http://shop.localhost/healthz")).TrimEnd());
        Assert.Equal("200 ok", (await proxy.AnswerAsync("https://shop.localhost/healthz", HttpVersion.Version20)).TrimEnd());
    }

    [ImageFact]
    public async Task The_admin_port_serves_routes_and_metrics()
    {
        Assert.Contains("\"shop.localhost\"", await AdminAsync("/api/routes"), StringComparison.Ordinal);
        Assert.Contains("# TYPE ", await AdminAsync("/metrics"), StringComparison.Ordinal);
    }

    [ImageFact]
    public async Task The_controller_is_ready_within_seconds_and_shuts_down_cleanly()
    {
        var ready = TimeOf(Ready().Match(await _container.LogAsync())) - _container.StartedTime;
        output.WriteLine($"ready {ready.TotalMilliseconds:0} ms after its start");
        Assert.InRange(ready, TimeSpan.Zero, TimeSpan.FromSeconds(10));

        await _container.StopAsync();
        Assert.Equal(0, await _container.GetExitCodeAsync());
        Assert.DoesNotMatch("(fail|crit): ", await _container.LogAsync());
    }

    private Task<string> AdminAsync(string path) => _client.GetStringAsync($"http://127.0.0.1:{_container.GetMappedPublicPort(IngressImage.Admin)}{path}");

    private static DateTime TimeOf(Match line) => DateTime.Parse(line.Groups["time"].Value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    [GeneratedRegex("^(?<time>\\S+Z) .*ready: ", RegexOptions.Multiline)]
    private static partial Regex Ready();
}
