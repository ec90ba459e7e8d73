using System.Text.RegularExpressions;

namespace IngressController.Tests.Charts;

/// <summary>
/// Reads helm's messages about invalid values. Versions check values.schema.json with different libraries: 3.17 prints
/// <c>- service: Additional property x is not allowed</c>, later versions and 4 print
/// <c>- at '/service': additional properties 'x' not allowed</c>. Both name <c>service.x</c>.
/// </summary>
internal static partial class HelmRefusal
{
    /// <summary>True if the message is about the value at this path, a value inside it, or a check of the chart that begins with this text.</summary>
    public static bool Names(string error, string expected)
    {
        var paths = SchemaLine().Matches(error).SelectMany(Paths).ToArray();
        return paths.Length > 0
            ? paths.Any(path => path == expected || path.StartsWith($"{expected}.", StringComparison.Ordinal))
            : error.Contains($"): {expected}", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Paths(Match line)
    {
        var parent = line.Groups["path"].Value.TrimStart('/').Replace('/', '.');
        var keys = UnknownKeys().Match(line.Groups["finding"].Value).Groups["key"].Captures.Select(key => key.Value).ToArray();
        if (parent is "(root)")
            parent = "";
        return keys.Length == 0 ? [parent] : keys.Select(key => parent.Length == 0 ? key : $"{parent}.{key}");
    }

    [GeneratedRegex(@"^- (at '(?<path>[^']*)'|(?<path>[^':]+)): (?<finding>.+)$", RegexOptions.Multiline)]
    private static partial Regex SchemaLine();

    [GeneratedRegex(@"^(Additional property (?<key>\S+) is not allowed|additional properties ('(?<key>[^']+)'(, )?)+ not allowed)$")]
    private static partial Regex UnknownKeys();
}
