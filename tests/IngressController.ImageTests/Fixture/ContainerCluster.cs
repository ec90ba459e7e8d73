using System.Text.Json.Nodes;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using IngressController.ClusterTests.Charts;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;
using ContainerWait = DotNet.Testcontainers.Builders.Wait;
using Wait = IngressController.ClusterTests.Fixture.Wait;

namespace IngressController.ImageTests.Fixture;

/// <summary>
/// An API server with the objects of the chart without workloads, the image as a Pod of the chart, and two backends, a and b, as
/// containers. There is no kubelet and no kube-proxy: the tests write the EndpointSlices.
/// </summary>
public sealed class ContainerCluster : IAsyncLifetime
{
    private readonly Dictionary<string, IContainer> _backends = [];
    private INetwork _network = null!;
    private string _certificate = null!;
    private int _namespaces;

    internal ControlPlane ControlPlane { get; private set; } = null!;

    internal ControllerPod Controller { get; private set; } = null!;

    internal ClusterClient Client => ControlPlane.Client;

    /// <summary>A rendering that publishes two addresses.</summary>
    internal static ChartCase Chart { get; } = new("node-ports");

    public async Task InitializeAsync()
    {
        if (ControlPlaneFactAttribute.Missing is not null)
            return; // every test is skipped

        _network = new NetworkBuilder().Build();
        await _network.CreateAsync();
        using var certificate = Manifests.Certificate(ControlPlane.Host);
        _certificate = certificate.ExportCertificatePem();
        ControlPlane = await ControlPlane.StartAsync(_network, certificate);
        await Client.AddEndpointSlicesAsync();
        foreach (var item in ChartInstallation.Of(Chart))
            await ChartInstallation.ApplyAsync(Client, item);
        foreach (var name in new[] { "a", "b" })
            _backends[name] = await StartBackendAsync(name);
        Controller = await ControllerPod.StartAsync(_network, Chart, _certificate);
    }

    /// <summary>Completes when the backend answers a request to the URL.</summary>
    internal async Task UntilAnsweredByAsync(string url, string backend)
    {
        var last = "";
        await Wait.UntilAsync(async () => (last = await AnswerAsync(url)) == backend, $"{url} is answered by {backend}", () => $"the answer is {last}");
    }

    /// <summary>Returns the backend that answers, or the status code of any other answer.</summary>
    internal async Task<string> AnswerAsync(string url)
    {
        var answer = await Controller.Proxy.AnswerAsync(url);
        return answer.StartsWith("200 ", StringComparison.Ordinal) ? JsonNode.Parse(answer[4..])!["pod"]!.GetValue<string>() : answer;
    }

    /// <summary>Creates a namespace that no other test uses, with the Service web, whose endpoint is a backend.</summary>
    internal async Task<string> NewNamespaceAsync(string backend)
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        await Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
        await Client.ApplyAsync(Manifests.Service("web"), name);
        await SetBackendAsync(name, backend);
        return name;
    }

    /// <summary>Makes a backend the endpoint of a namespace's Service.</summary>
    internal Task SetBackendAsync(string ns, string backend) => Client.ApplyAsync(Manifests.Slice("web", IngressImage.Http, _backends[backend].IpAddress), ns);

    /// <summary>Restarts the API server after a test that stopped it and failed, so that the other tests do not fail too.</summary>
    internal Task EnsureRunningAsync() => ControlPlane.IsApiServerRunning ? Task.CompletedTask : ControlPlane.StartApiServerAsync();

    public async Task DisposeAsync()
    {
        foreach (var container in (IAsyncDisposable?[])[Controller, .. _backends.Values, ControlPlane, _network])
        {
            if (container is not null)
                await container.DisposeAsync();
        }
    }

    /// <summary>Starts the image's echo command, which returns the name of its Pod.</summary>
    private async Task<IContainer> StartBackendAsync(string name)
    {
        var backend = IngressImage.Container().WithNetwork(_network).WithEnvironment("POD_NAME", name)
            .WithCommand("echo", $"--http-port={IngressImage.Http}")
            .WithWaitStrategy(ContainerWait.ForUnixContainer().UntilMessageIsLogged("listening on ", wait => wait.WithInterval(TimeSpan.FromMilliseconds(100)).WithTimeout(TimeSpan.FromSeconds(60))))
            .Build();
        await backend.StartOrFailAsync();
        return backend;
    }
}

/// <summary>A test that needs the image and a real API server; skipped with the reason if one is missing.</summary>
internal sealed class ControlPlaneFactAttribute : FactAttribute
{
    public static string? Missing { get; } = IngressImage.Missing ?? ClusterAssets.Missing;

    public ControlPlaneFactAttribute() => Skip = Missing;
}
