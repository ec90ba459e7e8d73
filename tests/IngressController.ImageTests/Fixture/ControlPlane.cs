using System.Security.Cryptography.X509Certificates;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests;
using IngressController.Tests.Fakes;
using ContainerWait = DotNet.Testcontainers.Builders.Wait;

namespace IngressController.ImageTests.Fixture;

/// <summary>etcd and kube-apiserver as containers of one network. The API server can be restarted with the same data.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    /// <summary>The name of the API server for Pods and in its certificate.</summary>
    public const string Host = "kubernetes.default.svc";

    public const ushort Port = 6443;

    private const string Files = "/etc/apiserver";
    private const ushort EtcdPort = 2379;
    private const string EtcdAddress = "http://etcd:2379";

    private static readonly HttpMessageHandler AnyCertificate = new HttpClientHandler
    {
        UseProxy = false,
        ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
    };

    private readonly IFutureDockerImage _image;
    private readonly IContainer _etcd;
    private readonly IContainer _apiServer;

    private ControlPlane(INetwork network, string files)
    {
        _image = new ImageFromDockerfileBuilder()
            .WithContextDirectory(ClusterAssets.Folder)
            .WithDockerfileDirectory(RepositoryFile.Find("tests", "IngressController.ImageTests", "Fixture"))
            .WithDockerfile("control-plane.Dockerfile").WithBuildArgument("BASE", IngressImage.Name)
            .WithName("localhost/yarp-ingress-control-plane:test").Build();
        _etcd = Etcd(_image, network);
        _apiServer = ApiServer(_image, network, files);
    }

    /// <summary>A client with all permissions. Each start creates a new one with another port.</summary>
    public ClusterClient Client { get; private set; } = null!;

    /// <param name="network">The network of both containers.</param>
    /// <param name="certificate">The certificate of the API server, with its key; it is its own authority.</param>
    public static async Task<ControlPlane> StartAsync(INetwork network, X509Certificate2 certificate)
    {
        using var files = new TempFolder();
        ApiServerFiles.Write(files);
        files.Write("tls.crt", certificate.ExportCertificatePem());
        files.Write("tls.key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var plane = new ControlPlane(network, files);
        await plane._image.CreateAsync();
        await plane._etcd.StartOrFailAsync();
        await plane.StartApiServerAsync();
        return plane;
    }

    public async Task StartApiServerAsync()
    {
        await _apiServer.StartOrFailAsync();
        Client?.Dispose();
        Client = new ClusterClient(new Uri($"https://127.0.0.1:{_apiServer.GetMappedPublicPort(Port)}"), ServiceAccounts.AdminToken);
    }

    /// <summary>Kills the API server, as a lost node does.</summary>
    public Task KillApiServerAsync() => _apiServer.StopAsync();

    public bool IsApiServerRunning => _apiServer.State == TestcontainersStates.Running;

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _apiServer.DisposeAsync();
        await _etcd.DisposeAsync();
        await _image.DisposeAsync();
    }

    private static IContainer Etcd(IImage image, INetwork network) => new ContainerBuilder(image)
        .WithNetwork(network).WithNetworkAliases("etcd").WithTmpfsMount("/data")
        .WithEntrypoint("etcd")
        .WithCommand("--data-dir=/data", $"--listen-client-urls=http://0.0.0.0:{EtcdPort}", $"--advertise-client-urls={EtcdAddress}")
        .WithPortBinding(EtcdPort, assignRandomHostPort: true)
        .WithWaitStrategy(ContainerWait.ForUnixContainer().UntilHttpRequestIsSucceeded(http => http.ForPort(EtcdPort).ForPath("/health"), ReadyTimeout))
        .Build();

    private static IContainer ApiServer(IImage image, INetwork network, string files) => new ContainerBuilder(image)
        .WithNetwork(network).WithNetworkAliases(Host)
        .WithResourceMapping(new DirectoryInfo(files), new DirectoryInfo(Files))
        .WithEntrypoint("kube-apiserver")
        .WithCommand([
            .. ApiServerFiles.Arguments(Files, EtcdAddress, "10.96.0.0/16"),
            $"--secure-port={Port}", $"--tls-cert-file={Files}/tls.crt", $"--tls-private-key-file={Files}/tls.key",
        ])
        .WithPortBinding(Port, assignRandomHostPort: true)
        .WithCreateParameterModifier(parameters => parameters.StopSignal = "SIGKILL")
        .WithWaitStrategy(ContainerWait.ForUnixContainer().UntilHttpRequestIsSucceeded(
            http => http.UsingTls().UsingHttpMessageHandler(AnyCertificate).ForPort(Port).ForPath("/readyz")
                .WithHeader("Authorization", $"Bearer {ServiceAccounts.AdminToken}"),
            ReadyTimeout))
        .Build();

    private static void ReadyTimeout(IWaitStrategy wait) =>
        wait.WithInterval(TimeSpan.FromMilliseconds(100)).WithTimeout(TimeSpan.FromSeconds(90));
}
