using System.Text;
using System.Xml.Linq;
using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using IngressController.ImageTests.Fixture;
using IngressController.Tests;
using Xunit.Abstractions;

namespace IngressController.ImageTests;

/// <summary>The content of the image.</summary>
public sealed class ImageContentTests(ITestOutputHelper output)
{
    private const string Version = "org.opencontainers.image.version";
    private const string Revision = "org.opencontainers.image.revision";

    [ImageFact]
    public async Task The_image_is_smaller_than_100_MB()
    {
        var size = (await InspectAsync()).Size;
        output.WriteLine($"{IngressImage.Name} has {size / 1e6:0.0} MB");
        Assert.InRange(size, 1_000_000, 99_999_999);
    }

    [ImageFact]
    public async Task The_user_is_numeric_and_the_ports_need_no_capability()
    {
        var config = (await InspectAsync()).Config!;
        Assert.Equal("1654:1654", config.User);
        Assert.Equal(["10254/tcp", "8080/tcp", "8443/tcp"], config.ExposedPorts!.Keys.Order(StringComparer.Ordinal));
    }

    [ImageFact]
    public async Task The_labels_and_the_program_have_the_version_of_the_sources()
    {
        var labels = (await InspectAsync()).Config!.Labels!;
        Assert.Equal(XDocument.Load(RepositoryFile.Find("Directory.Build.props")).Descendants("Version").Single().Value, labels[Version]);
        Assert.Equal("YARP Ingress Controller", labels["org.opencontainers.image.title"]);
        Assert.Equal(labels[Revision] is "" ? labels[Version] : $"{labels[Version]}+{labels[Revision]}", await RunAsync("--version"));
    }

    [ImageTheory]
    [InlineData("LICENSE", "Apache License")]
    [InlineData("THIRD-PARTY-NOTICES.md", "Yarp.ReverseProxy")]
    [InlineData("Microsoft.NETCore.App/THIRD-PARTY-NOTICES.TXT", "License notice")]
    [InlineData("Microsoft.AspNetCore.App/THIRD-PARTY-NOTICES.TXT", "License notice")]
    public async Task It_contains_the_licences(string file, string text)
    {
        await using var container = IngressImage.Container().WithCommand("--version").Build();
        await container.StartAsync();
        Assert.Contains(text, Encoding.UTF8.GetString(await container.ReadFileAsync($"/app/licenses/{file}")));
    }

    [ImageTheory]
    [InlineData("/bin/sh")]
    [InlineData("/bin/bash")]
    [InlineData("/usr/bin/env")]
    public async Task The_image_contains_no_shell(string program)
    {
        await using var container = IngressImage.Container().WithEntrypoint(program).Build();
        var error = await Assert.ThrowsAsync<DockerApiException>(() => container.StartAsync());
        Assert.Contains("no such file or directory", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<ImageInspectResponse> InspectAsync() => (await ContainerEngine.InspectAsync(IngressImage.Name))!;

    /// <summary>Runs the program to its end and returns its output.</summary>
    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var container = IngressImage.Container().WithCommand(arguments)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged(".", wait => wait.WithMode(WaitStrategyMode.OneShot).WithTimeout(TimeSpan.FromSeconds(30))))
            .Build();
        await container.StartAsync();
        Assert.Equal(0, await container.GetExitCodeAsync());
        return (await container.GetLogsAsync(timestampsEnabled: false)).Stdout.Trim();
    }
}
