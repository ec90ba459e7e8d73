using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;
using IngressController.Tests.Fakes;

namespace IngressController.ImageTests.Fixture;

/// <summary>
/// The image as a Pod of the chart: its arguments, the key of sessions, and the files of its service account in the folder that the kubelet
/// uses.
/// </summary>
internal sealed class ControllerPod : IAsyncDisposable
{
    private const string ServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string Namespace = "yarp-ingress";

    private const string SessionKeyFolder = "/etc/yarp-ingress/sessions";

    private readonly TempFolder _files = new();
    private readonly TempFolder _sessionKey = new();
    private readonly IContainer _container;

    private ControllerPod(INetwork network, ChartCase chart, string certificate)
    {
        _files.Write("token", ServiceAccounts.TokenOf($"{Namespace}:yarp-ingress"));
        _files.Write("ca.crt", certificate);
        _files.Write("namespace", Namespace);
        _sessionKey.Write("key", new string('k', 32));
        Access.ForAllUsers(_files);
        Access.ForAllUsers(_sessionKey);
        _container = IngressImage.RestrictedController(network)
            .WithBindMount(_files, ServiceAccountFolder, AccessMode.ReadOnly)
            .WithBindMount(_sessionKey, SessionKeyFolder, AccessMode.ReadOnly)
            .WithEnvironment("KUBERNETES_SERVICE_HOST", ControlPlane.Host)
            .WithEnvironment("KUBERNETES_SERVICE_PORT", $"{ControlPlane.Port}")
            .WithEnvironment("POD_NAMESPACE", Namespace).WithEnvironment("POD_NAME", "yarp-ingress-0")
            .WithCommand(chart.Arguments)
            .Build();
    }

    public ProxyClient Proxy { get; private set; } = null!;

    /// <param name="network">The network of the API server.</param>
    /// <param name="chart">The rendering that contains the Pod.</param>
    /// <param name="certificate">The authority of the API server.</param>
    public static async Task<ControllerPod> StartAsync(INetwork network, ChartCase chart, string certificate)
    {
        var pod = new ControllerPod(network, chart, certificate);
        await pod._container.StartOrFailAsync();
        var ports = IngressImage.PortsOf(pod._container);
        pod.Proxy = new ProxyClient(() => ports.Http, () => ports.Https);
        return pod;
    }

    public Task<string> LogAsync() => _container.LogAsync();

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public async Task<long> StopAsync()
    {
        await _container.StopAsync();
        return await _container.GetExitCodeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Proxy?.Dispose();
        await _container.DisposeAsync();
        _files.Dispose();
        _sessionKey.Dispose();
    }
}
