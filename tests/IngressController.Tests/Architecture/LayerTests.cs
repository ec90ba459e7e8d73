using System.Reflection;
using System.Text;
using IngressController.Cli;
using IngressController.Kubernetes.Client;
using IngressController.Routing.Tests.Architecture;
using IngressController.Routing.Translation;

namespace IngressController.Tests.Architecture;

/// <summary>The folders of the projects have layers, and arrows only point down. <see cref="Layers"/> is the table.</summary>
public sealed class LayerTests
{
    private const string Begin = "<!-- layers: UPDATE_GOLDEN=1 dotnet test --filter LayerTests writes this list -->\n";

    private const string End = "<!-- end of layers -->\n";

    private static readonly Dictionary<string, (Assembly Assembly, string Root, Layer[] Layers)> Projects = new()
    {
        ["IngressController.Kubernetes"] = (typeof(ApiServerConnection).Assembly, "IngressController.Kubernetes", Layers.Kubernetes),
        ["IngressController.Routing"] = (typeof(RoutingTableTranslator).Assembly, "IngressController.Routing", Layers.Routing),
        ["IngressController"] = (typeof(RunOption).Assembly, "IngressController", Layers.Host),
    };

    public static TheoryData<string> Names => [.. Projects.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Arrows_between_folders_point_down(string project)
    {
        var violations = CheckerOf(project).FindViolations();

        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Theory]
    [InlineData("IngressController.Routing", "Catalog.RouteFeatures")]
    [InlineData("IngressController", "Proxy.PipelineOrder")]
    public void Features_are_named_by_one_list_only(string project, string list)
    {
        var uses = CheckerOf(project).FindUsesOf("Features.*");
        var others = uses.Where(use => !use.StartsWith($"{list} -> ", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(uses);
        Assert.True(others.Length == 0, string.Join('\n', others));
    }

    /// <summary>The page shows the folders that exist, with their layers.</summary>
    [Fact]
    public void The_page_of_the_architecture_lists_the_folders()
    {
        var file = RepositoryFile.Find("docs", "architecture.md");
        var page = RepositoryFile.Read("docs", "architecture.md");
        var from = page.IndexOf(Begin, StringComparison.Ordinal);
        var to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= 0 && to > from, "docs/architecture.md has lost the marks around the list of layers");

        RepositoryFile.AssertIs(file, page[..from] + Begin + Tree() + page[to..]);
    }

    private static LayerChecker CheckerOf(string project) => new(Projects[project].Assembly, Projects[project].Root, Projects[project].Layers);

    /// <summary>The layers from top to bottom; folders in one line do not depend on one another.</summary>
    private static string Tree()
    {
        var text = new StringBuilder();
        foreach (var (project, (_, _, layers)) in Projects)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n`src/{project}`:\n\n```\n");
            foreach (var layer in layers.Reverse())
                text.Append(string.Join("  ", layer.Folders.Where(folder => folder.Length > 0).SelectMany(folder => FoldersOf(project, folder)))).Append('\n');
            text.Append("```\n");
        }

        return text.Append('\n').ToString();
    }

    private static IEnumerable<string> FoldersOf(string project, string pattern)
    {
        if (!pattern.EndsWith(".*", StringComparison.Ordinal))
            return [Exists(project, pattern.Replace('.', '/'))];
        var parent = pattern[..^2].Replace('.', '/');
        return Directory.GetDirectories(RepositoryFile.Find("src", project, parent)).Select(folder => $"{parent}/{Path.GetFileName(folder)}").Order(StringComparer.Ordinal);
    }

    private static string Exists(string project, string folder) =>
        Directory.Exists(RepositoryFile.Find("src", project, folder)) ? $"{folder}/" : throw new DirectoryNotFoundException($"src/{project}/{folder}");
}
