using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;

namespace IngressController.ImageTests.Fixture;

/// <summary>The image under test. It is there already: to build it takes minutes, and one command builds it for tests and for clusters.</summary>
internal static class IngressImage
{
    public const ushort Http = 8080;
    public const ushort Https = 8443;
    public const ushort Admin = 10254;

    private const long Memory = 256 << 20;
    private const long OneCpu = 1_000_000_000;

    /// <summary>That of the variable INGRESS_IMAGE, else the one that CONTRIBUTING.md builds.</summary>
    public static string Name { get; } = Environment.GetEnvironmentVariable("INGRESS_IMAGE") is { Length: > 0 } name ? name : "yarp-ingress:dev";

    /// <summary>The reason why there is no image to test; null if there is one.</summary>
    public static string? Missing { get; } = WhyMissing(Name);

    /// <summary>A container of it, as it is.</summary>
    public static ContainerBuilder Container() => new ContainerBuilder(Name).WithImagePullPolicy(PullPolicy.Never);

    /// <summary>The controller as the Pod Security level "restricted" has it, as a user that no one knows, with 1 CPU and 256 MiB.</summary>
    /// <param name="network">An engine may have none of its own.</param>
    public static ContainerBuilder RestrictedController(INetwork network) => Container()
        .WithNetwork(network)
        .WithPortBinding(Http, assignRandomHostPort: true)
        .WithPortBinding(Https, assignRandomHostPort: true)
        .WithPortBinding(Admin, assignRandomHostPort: true)
        .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(
            http => http.ForPort(Admin).ForPath("/readyz"),
            wait => wait.WithInterval(TimeSpan.FromMilliseconds(100)).WithTimeout(TimeSpan.FromSeconds(60))))
        .WithCreateParameterModifier(Restrict);

    /// <summary>The ports of a controller on this machine; others after each start.</summary>
    public static (int Http, int Https, int Admin) PortsOf(IContainer container) =>
        (container.GetMappedPublicPort(Http), container.GetMappedPublicPort(Https), container.GetMappedPublicPort(Admin));

    private static string? WhyMissing(string name) =>
        ContainerEngine.Missing
        ?? (Task.Run(() => ContainerEngine.InspectAsync(name)).GetAwaiter().GetResult() is null
            ? $"no image {name} to test: build it with docker build -t {name} . or name another in INGRESS_IMAGE"
            : null);

    private static void Restrict(CreateContainerParameters parameters)
    {
        var user = Random.Shared.Next(100_000, 1_000_000);
        parameters.User = $"{user}:{user}";
        var host = parameters.HostConfig!;
        host.ReadonlyRootfs = true;
        host.CapDrop = ["ALL"];
        host.SecurityOpt = ["no-new-privileges"];
        host.Memory = Memory;
        host.NanoCPUs = OneCpu;
    }
}

/// <summary>A test of the image; skipped, and says why, where there is none.</summary>
internal sealed class ImageFactAttribute : FactAttribute
{
    public ImageFactAttribute() => Skip = IngressImage.Missing;
}

/// <summary>The same for a test with several cases.</summary>
internal sealed class ImageTheoryAttribute : TheoryAttribute
{
    public ImageTheoryAttribute() => Skip = IngressImage.Missing;
}
