using DotNet.Testcontainers.Builders;
using IngressController.Tests.Charts;
using IngressController.Tests.Fakes;
using Testcontainers.K3s;

namespace IngressController.ImageTests.Fixture;

/// <summary>A cluster of one node in a container, with the image under test in it.</summary>
internal sealed class K3sCluster : IAsyncDisposable
{
    private const string ImageFolder = "/images";

    private static readonly string[] NodeIsReady = ["kubectl", "wait", "--for=condition=Ready", "node", "--all", "--timeout=1s"];

    private readonly TempFolder _folder = new();
    private readonly K3sContainer _k3s;

    private K3sCluster(string image) => _k3s = new K3sBuilder(image)
        .WithPortBinding(ChartInstallArguments.HttpNodePort, assignRandomHostPort: true)
        .WithPortBinding(ChartInstallArguments.HttpsNodePort, assignRandomHostPort: true)
        .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted(NodeIsReady, wait => wait.WithTimeout(TimeSpan.FromMinutes(3))))
        .Build();

    /// <summary>The port of this machine that is mapped to the node port of the Service.</summary>
    public int HttpPort => _k3s.GetMappedPublicPort(ChartInstallArguments.HttpNodePort);

    public int HttpsPort => _k3s.GetMappedPublicPort(ChartInstallArguments.HttpsNodePort);

    private string Kubeconfig => _folder.At("kubeconfig");

    /// <param name="image">A k3s image.</param>
    public static async Task<K3sCluster> StartAsync(string image)
    {
        var cluster = new K3sCluster(image);
        await cluster._k3s.StartOrFailAsync();
        await File.WriteAllTextAsync(cluster.Kubeconfig, await cluster._k3s.GetKubeconfigAsync());
        await cluster.LoadAsync(IngressImage.Name);
        return cluster;
    }

    /// <summary>Runs kubectl on the node.</summary>
    /// <returns>Its output.</returns>
    public Task<string> KubectlAsync(params string[] arguments) => ExecuteAsync(["kubectl", .. arguments]);

    /// <summary>Applies manifests with kubectl.</summary>
    public async Task ApplyAsync(string manifests)
    {
        const string File = "/manifests.yaml";
        await _k3s.CopyAsync(System.Text.Encoding.UTF8.GetBytes(manifests), File);
        await KubectlAsync("apply", "--filename", File);
    }

    /// <summary>Runs helm on this machine.</summary>
    public void Helm(params string[] arguments)
    {
        var (code, output, error) = HelmProgram.Run(["--kubeconfig", Kubeconfig, .. arguments]);
        Assert.True(code == 0, $"helm {string.Join(' ', arguments)}\n{output}\n{error}");
    }

    public async ValueTask DisposeAsync()
    {
        await _k3s.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Loads an image into the node as kind load docker-image does: docker save, and an import by the node's containerd.</summary>
    private async Task LoadAsync(string image)
    {
        var archive = new FileInfo(_folder.At("image.tar"));
        using (var docker = ContainerEngine.Connect())
        await using (var layers = await docker.Images.SaveImageAsync(image))
        await using (var file = archive.Create())
            await layers.CopyToAsync(file);

        await _k3s.CopyAsync(archive, ImageFolder);
        await ExecuteAsync(["ctr", "--namespace", "k8s.io", "images", "import", $"{ImageFolder}/{archive.Name}"]);
    }

    private async Task<string> ExecuteAsync(string[] command)
    {
        var result = await _k3s.ExecAsync(command);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}\n{result.Stdout}\n{result.Stderr}");
        return result.Stdout;
    }
}

/// <summary>A test in a k3s cluster; skipped with instructions if no image of k3s is named.</summary>
internal sealed class K3sFactAttribute : FactAttribute
{
    private const string Variable = "K3S_IMAGE";

    public static string Image { get; } = Environment.GetEnvironmentVariable(Variable) ?? "";

    public K3sFactAttribute() => Skip =
        Image is "" ? $"no cluster to install into: name an image of k3s in {Variable}, which the engine has or can pull, such as rancher/k3s:v1.36.1-k3s1"
        : IngressImage.Missing ?? HelmProgram.Missing;
}
