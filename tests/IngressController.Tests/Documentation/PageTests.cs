using System.Text.RegularExpressions;
using IngressController.Cli;
using IngressController.Kubernetes.Client;
using IngressController.Routing.Translation;

namespace IngressController.Tests.Documentation;

/// <summary>The pages reference only things that exist.</summary>
public sealed partial class PageTests
{
    public static TheoryData<string> Pages =>
    [
        .. Directory.EnumerateFiles(RepositoryFile.Find(), "*.md")
            .Concat(new[] { "docs", "charts", "src" }.SelectMany(folder => Directory.EnumerateFiles(RepositoryFile.Find(folder), "*.md", SearchOption.AllDirectories)))
            .Select(file => Path.GetRelativePath(RepositoryFile.Find(), file)),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_lead_to_files_and_headings(string page)
    {
        var folder = Path.GetDirectoryName(RepositoryFile.Find(page))!;
        var dead = Link().Matches(Prose(RepositoryFile.Read(page))).Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal))
            .Select(target => (Target: target, Parts: target.Split('#')))
            .Where(link => !Exists(link.Parts[0].Length == 0 ? RepositoryFile.Find(page) : Path.Combine(folder, link.Parts[0]), link.Parts.ElementAtOrDefault(1)))
            .Select(link => link.Target);

        Assert.Empty(dead);
    }

    [Fact]
    public void Architecture_page_names_existing_classes()
    {
        var types = new[] { typeof(RunOption), typeof(RoutingTableTranslator), typeof(ApiServerConnection) }
            .SelectMany(type => type.Assembly.GetTypes()).Select(type => type.Name.Split('`')[0]).ToHashSet();

        Assert.Empty(ClassName().Matches(RepositoryFile.Read("docs", "architecture.md")).Select(match => match.Groups[1].Value).Except(types));
    }

    private static bool Exists(string path, string? heading) =>
        Directory.Exists(path) || (File.Exists(path) && (heading is null || Headings(path).Contains(heading)));

    private static IEnumerable<string> Headings(string path) =>
        Heading().Matches(Prose(File.ReadAllText(path).ReplaceLineEndings("\n")))
            .Select(match => NotOfAnchor().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    private static string Prose(string text) => CodeBlock().Replace(text, "");

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotOfAnchor();

    [GeneratedRegex("^ *```.*?^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    /// <summary>Matches code that is a single word in Pascal case with at least two parts.</summary>
    [GeneratedRegex("`([A-Z][a-z]+[A-Z][A-Za-z]+)`")]
    private static partial Regex ClassName();
}
