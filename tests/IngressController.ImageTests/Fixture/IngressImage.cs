using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;

namespace IngressController.ImageTests.Fixture;

/// <summary>
/// The image under test. The tests do not build it, because that takes minutes and one command builds it for tests and clusters.
/// </summary>
internal static class IngressImage
{
    public const ushort Http = 8080;
    public const ushort Https = 8443;
    public const ushort Admin = 10254;

    private const long Memory = 256 << 20;
    private const long OneCpu = 1_000_000_000;

    /// <summary>The name in the variable INGRESS_IMAGE, otherwise that of the image that README.md builds.</summary>
    public static string Name { get; } = Environment.GetEnvironmentVariable("INGRESS_IMAGE") is { Length: > 0 } name ? name : "yarp-ingress:dev";

    /// <summary>The reason why there is no image to test; null if there is one.</summary>
    public static string? Missing { get; } = WhyMissing(Name);

    /// <summary>Returns a container of the image without restrictions.</summary>
    public static ContainerBuilder Container() => new ContainerBuilder(Name).WithImagePullPolicy(PullPolicy.Never);

    /// <summary>Returns the controller at the Pod Security level "restricted", as an unknown user, with 1 CPU and 256 MiB.</summary>
    /// <param name="network">The network; an engine may have no default one.</param>
    public static ContainerBuilder RestrictedController(INetwork network) => Container()
        .WithNetwork(network)
        .WithPortBinding(Http, assignRandomHostPort: true)
        .WithPortBinding(Https, assignRandomHostPort: true)
        .WithPortBinding(Admin, assignRandomHostPort: true)
        .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(
            http => http.ForPort(Admin).ForPath("/readyz"),
            wait => wait.WithInterval(TimeSpan.FromMilliseconds(100)).WithTimeout(TimeSpan.FromSeconds(60))))
        .WithCreateParameterModifier(Restrict);

    /// <summary>Returns the ports of a controller on this machine, which change with each start.</summary>
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

/// <summary>A test of the image; skipped with the reason if there is none.</summary>
internal sealed class ImageFactAttribute : FactAttribute
{
    public ImageFactAttribute() => Skip = IngressImage.Missing;
}

/// <summary>The same as <see cref="ImageFactAttribute"/> for a test with several cases.</summary>
internal sealed class ImageTheoryAttribute : TheoryAttribute
{
    public ImageTheoryAttribute() => Skip = IngressImage.Missing;
}
