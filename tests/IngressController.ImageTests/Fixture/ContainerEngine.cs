using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Configurations;

namespace IngressController.ImageTests.Fixture;

/// <summary>Docker or a compatible engine, as Testcontainers finds it.</summary>
internal static class ContainerEngine
{
    /// <summary>The reason why no container can be started; null if one can.</summary>
    public static string? Missing { get; } = TestcontainersSettings.OS.DockerEndpointAuthConfig is null
        ? "no container engine answers: start Docker, or name its socket in DOCKER_HOST; one older than 25.0 also needs DOCKER_API_VERSION, which docker version shows"
        : null;

    /// <summary>Returns a client for operations that Testcontainers lacks: the properties of an image, and its layers as a file.</summary>
    public static IDockerClient Connect() => TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder().Build();

    /// <returns>Null if the image does not exist.</returns>
    public static async Task<ImageInspectResponse?> InspectAsync(string image)
    {
        using var docker = Connect();
        try
        {
            return await docker.Images.InspectImageAsync(image);
        }
        catch (DockerImageNotFoundException)
        {
            return null;
        }
    }
}
