using System.Text.Json;
using System.Xml.Linq;

namespace IngressController.Tests.Documentation;

/// <summary>THIRD-PARTY-NOTICES.md lists the packages, and the licence accompanies the program.</summary>
public sealed class NoticesTests
{
    private const string Program = "## In the program and the image";
    private const string Build = "## Used to build and test";

    [Fact]
    public void The_packages_of_the_program_are_listed_with_their_versions()
    {
        using var built = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "ingress-controller.deps.json")));
        var shipped = built.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Replace("/", " ", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal(shipped, Listed(Program).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_package_with_a_version_in_the_repository_is_listed()
    {
        var versions = XDocument.Parse(RepositoryFile.Read("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(package => $"{package.Attribute("Include")!.Value} {package.Attribute("Version")!.Value}").ToHashSet();
        Assert.Equal(versions.Order(StringComparer.Ordinal), Listed(Program).Concat(Listed(Build)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_licence_is_the_same_everywhere()
    {
        Assert.Contains("Apache License\n                           Version 2.0", RepositoryFile.Read("LICENSE"));
        Assert.Contains("<PackageLicenseExpression>Apache-2.0<", RepositoryFile.Read("Directory.Build.props"));
        Assert.Contains("org.opencontainers.image.licenses=\"Apache-2.0\"", RepositoryFile.Read("Dockerfile"));
        Assert.Contains("artifacthub.io/license: Apache-2.0", RepositoryFile.Read("charts", "yarp-ingress", "Chart.yaml"));
    }

    /// <summary>The rows "name version" of the table under a heading.</summary>
    private static IEnumerable<string> Listed(string heading) =>
        RepositoryFile.Read("THIRD-PARTY-NOTICES.md").Split('\n').SkipWhile(line => line != heading).Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Select(line => line.Split(" | ")).Where(cells => cells.Length >= 4 && cells[0].StartsWith("| ", StringComparison.Ordinal))
            .Select(cells => $"{cells[0][2..]} {cells[1]}").Where(row => row != "package version");
}
