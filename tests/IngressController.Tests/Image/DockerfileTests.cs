using System.Xml.Linq;
using IngressController.Configuration;

namespace IngressController.Tests.Image;

/// <summary>The Dockerfile matches the project files and the defaults; tests/IngressController.ImageTests run the built image.</summary>
public sealed class DockerfileTests
{
    private static readonly string Root = RepositoryFile.Find();
    private static readonly string[] Dockerfile = File.ReadAllLines(Path.Combine(Root, "Dockerfile"));

    /// <summary>The restore layer needs every project of the program; a missing one breaks only the build of the image.</summary>
    [Fact]
    public void The_restore_layer_copies_every_project_of_the_program()
    {
        var restore = Array.FindIndex(Dockerfile, line => line.StartsWith("RUN dotnet restore", StringComparison.Ordinal));
        var copied = Dockerfile[..restore].Where(line => line.StartsWith("COPY ", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1]).ToArray();

        Assert.Superset(Projects("src/IngressController/IngressController.csproj").ToHashSet(), copied.ToHashSet());
        Assert.Superset(
            Directory.EnumerateFiles(Root, "Directory.*.props").Select(file => Path.GetFileName(file)).Append("global.json").ToHashSet(), copied.ToHashSet());
        Assert.All(copied, file => Assert.True(File.Exists(Path.Combine(Root, file)), file));
    }

    [Fact]
    public void Exposed_ports_are_the_default_ports()
    {
        var defaults = new ListenerOptions();
        Assert.Equal([$"{defaults.HttpPort}", $"{defaults.HttpsPort}", $"{defaults.AdminPort}"], Instruction("EXPOSE").Split(' '));
        Assert.All(Instruction("EXPOSE").Split(' '), port => Assert.True(int.Parse(port) > 1024, port));
    }

    /// <summary>runAsNonRoot rejects a user name, because it could be that of root.</summary>
    [Fact]
    public void User_is_numeric_and_not_root() => Assert.Matches("^[1-9][0-9]*:[1-9][0-9]*$", Instruction("USER"));

    [Fact]
    public void Entrypoint_is_the_program_without_a_shell() =>
        Assert.Equal($"""["/app/{typeof(IngressOptions).Assembly.GetName().Name}"]""", Instruction("ENTRYPOINT"));

    [Fact]
    public void Default_version_is_the_version_of_the_program()
    {
        var version = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        var defaults = Dockerfile.Where(line => line.StartsWith("ARG VERSION=", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, defaults.Length);
        Assert.All(defaults, line => Assert.Equal($"ARG VERSION={version}", line));
    }

    /// <summary>A build without arguments pulls .NET's own images, of the target framework; a mirror needs one argument.</summary>
    [Fact]
    public void Base_images_are_build_arguments_with_a_default()
    {
        var framework = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("TargetFramework").Single().Value["net".Length..];
        string[] arguments =
        [
            "ARG DOTNET_REGISTRY=mcr.microsoft.com/dotnet",
            $"ARG SDK_IMAGE=${{DOTNET_REGISTRY}}/sdk:{framework}",
            $"ARG RUNTIME_IMAGE=${{DOTNET_REGISTRY}}/runtime-deps:{framework}-noble-chiseled",
        ];
        Assert.Equal(arguments, Dockerfile.Where(line => line.StartsWith("ARG ", StringComparison.Ordinal)).Take(3));
        Assert.Equal(
            ["FROM --platform=${BUILD_PLATFORM} ${SDK_IMAGE} AS build", "FROM ${RUNTIME_IMAGE}"],
            Dockerfile.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)));
    }

    /// <summary>The licences of the program and of the packages in it require their text in every copy.</summary>
    [Fact]
    public void The_licence_and_the_notices_are_in_the_image()
    {
        Assert.Contains("COPY LICENSE THIRD-PARTY-NOTICES.md licenses/", Dockerfile);
        var sent = File.ReadAllLines(Path.Combine(Root, ".dockerignore"));
        Assert.Contains("!LICENSE", sent);
        Assert.Contains("!THIRD-PARTY-NOTICES.md", sent);
    }

    private static string Instruction(string name) =>
        Dockerfile.Single(line => line.StartsWith($"{name} ", StringComparison.Ordinal))[(name.Length + 1)..];

    /// <summary>Returns a project and all that it references, as paths from the root.</summary>
    private static IEnumerable<string> Projects(string project)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Root, project))!;
        return XDocument.Load(Path.Combine(Root, project)).Descendants("ProjectReference")
            .Select(reference => Path.GetRelativePath(Root, Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value))))
            .SelectMany(Projects).Prepend(project);
    }
}
