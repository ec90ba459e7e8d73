using System.Text.RegularExpressions;

namespace IngressController.Tests.Charts;

/// <summary>
/// What helm refuses values for. Versions check values.schema.json with different libraries, and this is the one place that knows: where
/// 3.17 says <c>- service: Additional property x is not allowed</c>, later ones and 4 say
/// <c>- at '/service': additional properties 'x' not allowed</c>. Both name <c>service.x</c>.
/// </summary>
internal static partial class HelmRefusal
{
    /// <summary>Whether the value of this path, one inside it, or the check of the chart with these first words is what helm complains of.</summary>
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
