using System.Text.RegularExpressions;
using YamlDotNet.Core;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Says what is wrong with a document that cannot be read, and what to write.</summary>
internal static partial class YamlErrorText
{
    public static KubernetesYamlException Explain(DocumentPart part, Exception error)
    {
        var lines = part.Text.ReplaceLineEndings("\n").Split('\n');
        var template = Array.FindIndex(lines, line => line.Contains("{{", StringComparison.Ordinal) && !line.TrimStart().StartsWith('#'));
        if (template >= 0)
        {
            var line = part.FirstLine + template;
            return new($"line {line}: is a template, not YAML: render it first, for example with helm template", line, error) { IsTemplate = true };
        }

        if (error is KubernetesYamlException known)
            return known;
        if (error is not YamlException { Start: var start })
            return new KubernetesYamlException($"line {part.FirstLine}: {error.Message}", part.FirstLine, error);

        var index = (int)Math.Clamp(start.Line - 1, 0, lines.Length - 1);
        if (Reason(lines, index, error.Message) is var (at, reason))
            return new KubernetesYamlException($"line {part.FirstLine + at}: {reason}", part.FirstLine + at, error);
        return new KubernetesYamlException($"line {part.FirstLine + index}, column {start.Column}: {error.Message}", part.FirstLine + index, error);
    }

    /// <summary>Returns the line and the reason of a common mistake.</summary>
    private static (int Index, string Reason)? Reason(string[] lines, int index, string message)
    {
        // The parser names the token before the tab.
        var tab = Array.FindIndex(lines, index, line => IndentationWithTab().IsMatch(line));
        if (tab >= 0 && (tab == index || message.Contains("tab", StringComparison.Ordinal)))
            return (tab, "is indented with a tab: use spaces");
        if (ReservedStart().Match(lines[index]) is { Success: true } reserved)
            return (index, $"a value cannot begin with {reserved.Groups[1].Value[..1]} in YAML: put it in quotes");
        if (message.Contains("invalid mapping", StringComparison.Ordinal) && ColonInValue().IsMatch(lines[index]))
            return (index, "a value that contains a colon and a space must be in quotes");
        return null;
    }

    [GeneratedRegex(@"^ *\t", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IndentationWithTab();

    [GeneratedRegex(@"(?:^\s*|:\s+|-\s+)([*@`%])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ReservedStart();

    [GeneratedRegex(@":\s.*:(?:\s|$)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ColonInValue();
}
