using DotNet.Testcontainers.Images;
using IngressController.Tests;

namespace IngressController.ImageTests.Fixture;

/// <summary>The installation of the chart without load balancers of a cloud: with node ports, and an address to publish.</summary>
internal static class ChartInstallArguments
{
    public const string Release = "yarp-ingress";
    public const string Namespace = "yarp-ingress";
    public const ushort HttpNodePort = 30080;
    public const ushort HttpsNodePort = 30443;
    public const string PublishedAddress = "203.0.113.7";

    /// <summary>Returns the arguments of <c>helm install</c> or <c>helm template</c>.</summary>
    /// <param name="image">The image, which the node already has.</param>
    public static string[] For(string image)
    {
        var name = new DockerImage(image);
        var repository = name.Registry is { Length: > 0 } registry ? $"{registry}/{name.Repository}" : name.Repository;
        return
        [
            Release, RepositoryFile.Chart, "--namespace", Namespace,
            "--set-string", $"image.repository={repository}", "--set-string", $"image.tag={name.Tag}", "--set", "image.pullPolicy=Never",
            "--set", "service.type=NodePort", "--set", $"service.nodePorts.http={HttpNodePort}", "--set", $"service.nodePorts.https={HttpsNodePort}",
            "--set", $"publishStatusAddresses={{{PublishedAddress}}}",
        ];
    }
}
