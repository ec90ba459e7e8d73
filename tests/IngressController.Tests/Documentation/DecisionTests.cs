using System.Text.RegularExpressions;

namespace IngressController.Tests.Documentation;

/// <summary>Decisions have the same head, and the index lists all of them.</summary>
public sealed partial class DecisionTests
{
    public static TheoryData<string> Files => [.. Names];

    private static IEnumerable<string> Names =>
        Directory.EnumerateFiles(RepositoryFile.Find("docs", "decisions"), "0*.md").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Files))]
    public void A_decision_has_a_status_and_a_date_and_is_in_the_index(string file)
    {
        var head = Head().Match(RepositoryFile.Read("docs", "decisions", file));
        Assert.True(head.Success, $"{file} does not begin with title, status and date");
        var (number, title, status, date) = (head.Groups[1].Value, head.Groups[2].Value, head.Groups[3].Value, head.Groups[4].Value);

        Assert.StartsWith($"{number}-", file, StringComparison.Ordinal);
        Assert.Contains($"| [{number}]({file}) | {title} | {status} | {date} |", RepositoryFile.Read("docs", "decisions", "README.md"));
    }

    [Fact]
    public void The_index_lists_each_decision_once() =>
        Assert.Equal(Names, IndexedFile().Matches(RepositoryFile.Read("docs", "decisions", "README.md")).Select(row => row.Groups[1].Value));

    [GeneratedRegex(@"\A# (\d{4}): (.+)\n\n- Status: (accepted|superseded by \d{4})\n- Date: (\d{4}-\d{2}-\d{2})\n\n## Context\n")]
    private static partial Regex Head();

    [GeneratedRegex(@"^\| \[\d{4}\]\(([^)]+)\) \|", RegexOptions.Multiline)]
    private static partial Regex IndexedFile();
}
