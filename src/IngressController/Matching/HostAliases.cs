using System.Text.RegularExpressions;
using IngressController.Routing.Table;
using IngressController.Routing.Values;

namespace IngressController.Matching;

/// <summary>
/// Names that are no hosts themselves: looked at only when no exact host has matched. Immutable; it names its hosts and does not hold them, so a
/// change of a host does not touch it. Only which patterns are too slow is found out later.
/// </summary>
internal sealed class HostAliases
{
    public static HostAliases None { get; } = new([]);

    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _suffixes;
    private readonly (PathPattern Pattern, Entry Entry)[] _patterns;
    private readonly bool[] _isTooSlow;
    private readonly int _count;

    /// <param name="aliases">The aliases, each with what answers its requests when they are sent on; null serves them as the host's.</param>
    public HostAliases(IReadOnlyCollection<(HostAlias Alias, RouteEntry? Redirect)> aliases)
    {
        var exact = new Dictionary<string, Entry>(StringComparer.OrdinalIgnoreCase);
        var suffixes = new Dictionary<string, Entry>(StringComparer.OrdinalIgnoreCase);
        var patterns = new List<(PathPattern, Entry)>();
        foreach (var (alias, redirect) in aliases.OrderBy(alias => alias.Alias.Name, StringComparer.Ordinal))
        {
            var entry = new Entry(alias.Target, redirect);
            if (alias.Name[0] == '~')
                patterns.Add((PathPattern.TryCreate(alias.Name[1..].TrimStart('*'), out var problem) ?? throw new InvalidOperationException(problem), entry));
            else if (alias.Name[0] == '*')
                suffixes[alias.Name[1..]] = entry;
            else
                exact[alias.Name] = entry;
        }

        _exact = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _suffixes = suffixes.GetAlternateLookup<ReadOnlySpan<char>>();
        _patterns = [.. patterns];
        _isTooSlow = new bool[patterns.Count];
        _count = aliases.Count;
    }

    /// <summary>The alias that is the very name.</summary>
    public Entry? FindExact(ReadOnlySpan<char> host) => _count > 0 && _exact.TryGetValue(host, out var exact) ? exact : null;

    /// <summary>The alias for many names, of which one is the host: the longest <c>*.</c> name, else the first regular expression.</summary>
    public Entry? FindPattern(ReadOnlySpan<char> host)
    {
        // No name of DNS is longer, and what a long one costs grows with its dots.
        if (_count == 0 || host.Length > 255)
            return null;
        for (var rest = host; rest.IndexOf('.') is >= 0 and var dot; rest = rest[(dot + 1)..])
        {
            if (dot > 0 && _suffixes.TryGetValue(rest[dot..], out var suffix))
                return suffix;
        }

        for (var i = 0; i < _patterns.Length; i++)
        {
            if (IsFound(i, host))
                return _patterns[i].Entry;
        }

        return null;
    }

    /// <summary>
    /// Every name that is no host comes by here, whoever's it is. So a pattern that takes too long is not asked again: it would stall the
    /// requests of others.
    /// </summary>
    private bool IsFound(int pattern, ReadOnlySpan<char> host)
    {
        if (_isTooSlow[pattern])
            return false;
        try
        {
            return _patterns[pattern].Pattern.IsFoundIn(host);
        }
        catch (RegexMatchTimeoutException)
        {
            _isTooSlow[pattern] = true;
            return false;
        }
    }

    /// <param name="Target">The host it stands for.</param>
    /// <param name="Redirect">What answers its requests; null serves them as the host's.</param>
    public sealed record Entry(string Target, RouteEntry? Redirect);
}
