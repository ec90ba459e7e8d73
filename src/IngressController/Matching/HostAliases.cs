using System.Text.RegularExpressions;
using IngressController.Routing.Expressions;
using IngressController.Routing.Table;

namespace IngressController.Matching;

/// <summary>
/// The aliases of hosts, compared if no exact host matches. Immutable except for the list of patterns that have timed out. It holds the
/// names of hosts and not their tables, so a change of a host does not affect it.
/// </summary>
internal sealed class HostAliases
{
    private const int MaxDnsNameLength = 255;

    public static HostAliases None { get; } = new([]);

    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _suffixes;
    private readonly (CompiledExpression Pattern, Entry Entry)[] _patterns;
    private readonly bool[] _hasTimedOut;
    private readonly int _count;

    /// <param name="aliases">
    /// The aliases, each with the route that redirects its requests; null if they are served as requests of the host.
    /// </param>
    public HostAliases(IReadOnlyCollection<(HostAlias Alias, RouteEntry? Redirect)> aliases)
    {
        var exact = new Dictionary<string, Entry>(StringComparer.OrdinalIgnoreCase);
        var suffixes = new Dictionary<string, Entry>(StringComparer.OrdinalIgnoreCase);
        var patterns = new List<(CompiledExpression, Entry)>();
        foreach (var (alias, redirect) in aliases.OrderBy(alias => alias.Alias.Name, StringComparer.Ordinal))
        {
            var entry = new Entry(alias.Target, redirect);
            if (alias.Name[0] == '~')
                patterns.Add((Compile(alias.Name[1..].TrimStart('*')), entry));
            else if (alias.Name[0] == '*')
                suffixes[alias.Name[1..]] = entry;
            else
                exact[alias.Name] = entry;
        }

        _exact = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _suffixes = suffixes.GetAlternateLookup<ReadOnlySpan<char>>();
        _patterns = [.. patterns];
        _hasTimedOut = new bool[patterns.Count];
        _count = aliases.Count;
    }

    /// <summary>The alias that equals the name.</summary>
    public Entry? FindExact(ReadOnlySpan<char> host) => _count > 0 && _exact.TryGetValue(host, out var exact) ? exact : null;

    /// <summary>
    /// The wildcard or pattern alias that matches the name: the longest <c>*.</c> name, then the first regular expression.
    /// </summary>
    public Entry? FindPattern(ReadOnlySpan<char> host)
    {
        // The cost grows with the number of dots.
        if (_count == 0 || host.Length > MaxDnsNameLength)
            return null;
        for (var rest = host; rest.IndexOf('.') is >= 0 and var dot; rest = rest[(dot + 1)..])
        {
            if (dot > 0 && _suffixes.TryGetValue(rest[dot..], out var suffix))
                return suffix;
        }

        for (var i = 0; i < _patterns.Length; i++)
        {
            if (IsMatch(i, host))
                return _patterns[i].Entry;
        }

        return null;
    }

    /// <summary>
    /// Skips patterns that have timed out: every unknown name reaches the patterns, and a slow one would stall the requests of other
    /// tenants.
    /// </summary>
    private bool IsMatch(int pattern, ReadOnlySpan<char> host)
    {
        if (_hasTimedOut[pattern])
            return false;
        try
        {
            return _patterns[pattern].Pattern.IsMatch(host);
        }
        catch (RegexMatchTimeoutException)
        {
            _hasTimedOut[pattern] = true;
            return false;
        }
    }

    private static CompiledExpression Compile(string expression) => CompiledExpression.Compile(
        Expression.Parse(expression, ignoresCase: true), PathPattern.Limit);

    /// <param name="Target">The host of the alias.</param>
    /// <param name="Redirect">The route that redirects its requests; null if they are served as requests of the host.</param>
    public sealed record Entry(string Target, RouteEntry? Redirect);
}
