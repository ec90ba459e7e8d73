using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IngressController.Tests.Charts;

/// <summary>
/// Generates the tables of the chart's README from values.yaml: <c>## Title</c> begins a section, and a comment right above a key belongs to
/// that key. Keys without a comment below a key with one are its default.
/// </summary>
internal static partial class ValuesReference
{
    /// <summary>One value of the chart.</summary>
    /// <param name="Section">The title of its section.</param>
    /// <param name="Path">For example <c>service.type</c>.</param>
    /// <param name="Comment">Its comment; can be empty.</param>
    internal sealed record Value(string Section, string Path, string Comment);

    /// <summary>Longer defaults make a table unreadable.</summary>
    private const int MaxDefaultLength = 100;

    public static IReadOnlyList<Value> Read(string text)
    {
        var values = new List<Value>();
        var section = "";
        var comment = new StringBuilder();
        var path = new List<(int Indent, string Key)>();
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line[3..];
            else if (line.TrimStart().StartsWith("# ", StringComparison.Ordinal))
                comment.Append(comment.Length > 0 ? " " : "").Append(line.TrimStart()[2..]);
            else if (KeyLine().Match(line) is { Success: true } key)
            {
                path.RemoveAll(above => above.Indent >= key.Groups["indent"].Length);
                path.Add((key.Groups["indent"].Length, key.Groups["key"].Value));
                values.Add(new Value(section, string.Join('.', path.Select(step => step.Key)), comment.ToString()));
                comment.Clear();
            }
        }

        return values;
    }

    public static string Markdown(string text)
    {
        var all = Read(text);
        var defaults = ChartCase.Parse(text).Single();
        var markdown = new StringBuilder();
        foreach (var section in all.GroupBy(value => value.Section))
        {
            markdown.Append($"### {section.Key}\n\n| value | meaning | default |\n|---|---|---|\n");
            foreach (var value in section.Where(value => value.Comment.Length > 0))
            {
                // The parts of such a value have their own defaults.
                var isParent = all.Any(other => other.Comment.Length > 0 && other.Path.StartsWith($"{value.Path}.", StringComparison.Ordinal));
                var shown = isParent ? "" : Shown(Find(defaults, value.Path));
                markdown.Append($"| `{value.Path}` | {value.Comment.Replace("|", "\\|", StringComparison.Ordinal)} | {shown} |\n");
            }

            markdown.Append('\n');
        }

        return markdown.ToString();
    }

    /// <summary>Values without a comment, on themselves or on a key above.</summary>
    public static IEnumerable<string> Undescribed(string text)
    {
        var all = Read(text);
        return all.Where(value => value.Comment.Length == 0
                && !all.Any(above => above.Comment.Length > 0 && value.Path.StartsWith($"{above.Path}.", StringComparison.Ordinal))
                && !all.Any(below => below.Path.StartsWith($"{value.Path}.", StringComparison.Ordinal)))
            .Select(value => value.Path);
    }

    private static string Shown(JsonNode? value)
    {
        var text = value is JsonValue scalar && scalar.TryGetValue<string>(out var plain) && plain.Length > 0 ? plain : value?.ToJsonString() ?? "null";
        return text.Length > MaxDefaultLength ? "see values.yaml" : $"`{text}`";
    }

    private static JsonNode? Find(JsonNode? node, string path) => path.Split('.').Aggregate(node, (inner, key) => inner?[key]);

    [GeneratedRegex(@"^(?<indent> *)(?<key>[A-Za-z]+):")]
    private static partial Regex KeyLine();
}
